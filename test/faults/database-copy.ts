import pg from 'pg';
import { prepareDatabase } from '@mes/database';

const SCHEMA = 'kept_copy';
const MIGRATION_PATIENCE_MS = 30_000;

/**
 * All rows of a database as they were, kept as JSON in a schema of its own: nothing there depends on what is dropped. It does what `pg_dump` and `pg_restore --clean` do, which
 * do not come with the embedded server.
 */
export class DatabaseCopy {
  private constructor(private readonly url: string) {}

  static async take(url: string): Promise<DatabaseCopy> {
    const copy = new DatabaseCopy(url);
    await copy.transaction(async (session) => {
      // All tables as they are at the same moment.
      await session.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
      await session.query(`CREATE SCHEMA ${SCHEMA}`);
      for (const table of await copy.tables(session, 'public')) {
        await session.query(`CREATE TABLE ${SCHEMA}.${table} AS SELECT to_jsonb(t) AS row FROM public.${table} AS t`);
      }
    });
    return copy;
  }

  /** Puts all rows back in one transaction, in which no trigger fires. */
  async restoreRows(): Promise<void> {
    await this.transaction(async (session) => {
      await session.query('SET LOCAL session_replication_role = replica');
      const tables = await this.tables(session, SCHEMA);
      // Writers begin with the orders, so nobody waits for each other.
      await session.query('LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE');
      await session.query(`LOCK TABLE ${tables.map((table) => `public.${table}`).join(', ')} IN ACCESS EXCLUSIVE MODE`);
      for (const table of tables) {
        const columns = await writableColumns(session, table);
        await session.query(`DELETE FROM public.${table}`);
        await session.query(
          `INSERT INTO public.${table} (${columns}) OVERRIDING SYSTEM VALUE
           SELECT ${columns} FROM ${SCHEMA}.${table}, jsonb_populate_record(NULL::public.${table}, row)`,
        );
      }
    });
  }

  /** Drops everything, makes it anew, and puts the rows back. Meanwhile, there are no tables, and then empty ones. */
  async restoreAll(): Promise<void> {
    await this.transaction(async (session) => {
      await session.query('DROP SCHEMA public CASCADE');
      await session.query('CREATE SCHEMA public');
    });
    await prepareDatabase({ url: this.url, patience: MIGRATION_PATIENCE_MS });
    await this.restoreRows();
    await this.restoreNumbers();
  }

  async drop(): Promise<void> {
    await this.transaction(async (session) => {
      await session.query(`DROP SCHEMA ${SCHEMA} CASCADE`);
    });
  }

  /** Lets the numbers that columns take by themselves go on after those that are taken. */
  private async restoreNumbers(): Promise<void> {
    await this.transaction(async (session) => {
      const { rows } = await session.query<{ table: string; column: string }>(
        `SELECT quote_ident(table_name) AS table, quote_ident(column_name) AS column FROM information_schema.columns
         WHERE table_schema = 'public' AND (is_identity = 'YES' OR column_default LIKE 'nextval(%')`,
      );
      for (const { table, column } of rows) {
        await session.query(
          `SELECT setval(pg_get_serial_sequence('public.${table}', '${column}'), coalesce(max(${column}), 0) + 1, false)
           FROM public.${table}`,
        );
      }
    });
  }

  private async tables(session: pg.Client, schema: string): Promise<string[]> {
    const { rows } = await session.query<{ name: string }>(
      'SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = $1 ORDER BY tablename',
      [schema],
    );
    return rows.map(({ name }) => name);
  }

  private async transaction(use: (session: pg.Client) => Promise<void>): Promise<void> {
    const session = new pg.Client(this.url);
    await session.connect();
    try {
      await session.query('BEGIN');
      await use(session);
      await session.query('COMMIT');
    } finally {
      await session.end();
    }
  }
}

/** Those that are not computed by PostgreSQL. */
async function writableColumns(session: pg.Client, table: string): Promise<string> {
  const { rows } = await session.query<{ name: string }>(
    `SELECT quote_ident(column_name) AS name FROM information_schema.columns
     WHERE table_schema = 'public' AND quote_ident(table_name) = $1 AND is_generated = 'NEVER'`,
    [table],
  );
  return rows.map(({ name }) => name).join(', ');
}
