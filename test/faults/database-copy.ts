import pg from 'pg';
import { prepareDatabase } from '@mes/database';

const SCHEMA = 'kept_copy';
const MIGRATION_PATIENCE_MS = 30_000;
/** The clause of `ALTER TABLE` for each value of `pg_trigger.tgenabled`. */
const ENABLE: Readonly<Record<string, string>> = { O: 'ENABLE', A: 'ENABLE ALWAYS', R: 'ENABLE REPLICA', D: 'DISABLE' };

/**
 * A copy of all rows of a database, as JSON in its own schema, which has no dependencies on the original tables. It replaces
 * `pg_dump` and `pg_restore --clean`, which do not come with the embedded server.
 */
export class DatabaseCopy {
  private constructor(private readonly url: string) {}

  static async take(url: string): Promise<DatabaseCopy> {
    const copy = new DatabaseCopy(url);
    await copy.transaction(async (session) => {
      // All tables are copied at the same moment.
      await session.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
      await session.query(`CREATE SCHEMA ${SCHEMA}`);
      for (const table of await tablesOf(session, 'public')) {
        await session.query(`CREATE TABLE ${SCHEMA}.${table} AS SELECT to_jsonb(t) AS row FROM public.${table} AS t`);
      }
    });
    return copy;
  }

  /** Restores all rows in one transaction, in which only `ENABLE ALWAYS` triggers fire. */
  async restoreRows(): Promise<void> {
    await this.transaction(async (session) => {
      const tables = await lockTables(session);
      // An empty search path marks a restore. The triggers then leave the counts alone, since the copy contains them.
      await session.query(`SELECT set_config('search_path', '', true)`);
      await replaceRows(session, tables);
    });
  }

  /** Drops everything, migrates again, and restores the rows with disabled triggers. Tables are missing in between. */
  async restoreAll(): Promise<void> {
    await this.transaction(async (session) => {
      await session.query('DROP SCHEMA public CASCADE');
      await session.query('CREATE SCHEMA public');
    });
    await prepareDatabase({ url: this.url, patience: MIGRATION_PATIENCE_MS });
    await this.transaction(async (session) => {
      const tables = await lockTables(session);
      const { rows: triggers } = await session.query<{ table: string; name: string; enabled: string }>(
        `SELECT tgrelid::regclass AS table, quote_ident(tgname) AS name, tgenabled AS enabled
         FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = ANY ($1::regclass[])`,
        [tables.map((table) => `public.${table}`)],
      );
      for (const { table, name } of triggers) await session.query(`ALTER TABLE ${table} DISABLE TRIGGER ${name}`);
      await replaceRows(session, tables);
      await restoreNumbers(session);
      for (const { table, name, enabled } of triggers) {
        await session.query(`ALTER TABLE ${table} ${ENABLE[enabled] ?? ''} TRIGGER ${name}`);
      }
    });
  }

  async drop(): Promise<void> {
    await this.transaction(async (session) => {
      await session.query(`DROP SCHEMA ${SCHEMA} CASCADE`);
    });
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

/** Locks the copied tables against all other sessions. */
async function lockTables(session: pg.Client): Promise<string[]> {
  const tables = await tablesOf(session, SCHEMA);
  // Writers lock the orders first as well, so there is no deadlock.
  await session.query('LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE');
  await session.query(`LOCK TABLE ${tables.map((table) => `public.${table}`).join(', ')} IN ACCESS EXCLUSIVE MODE`);
  return tables;
}

async function replaceRows(session: pg.Client, tables: readonly string[]): Promise<void> {
  await session.query('SET LOCAL session_replication_role = replica');
  for (const table of tables) {
    const columns = await writableColumns(session, table);
    await session.query(`DELETE FROM public.${table}`);
    await session.query(
      `INSERT INTO public.${table} (${columns}) OVERRIDING SYSTEM VALUE
       SELECT ${columns} FROM ${SCHEMA}.${table}, jsonb_populate_record(NULL::public.${table}, row)`,
    );
  }
}

/** Sets all sequences to continue after the restored values. */
async function restoreNumbers(session: pg.Client): Promise<void> {
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
}

async function tablesOf(session: pg.Client, schema: string): Promise<string[]> {
  const { rows } = await session.query<{ name: string }>(
    'SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = $1 ORDER BY tablename',
    [schema],
  );
  return rows.map(({ name }) => name);
}

/** The columns that are not generated. */
async function writableColumns(session: pg.Client, table: string): Promise<string> {
  const { rows } = await session.query<{ name: string }>(
    `SELECT quote_ident(column_name) AS name FROM information_schema.columns
     WHERE table_schema = 'public' AND quote_ident(table_name) = $1 AND is_generated = 'NEVER'`,
    [table],
  );
  return rows.map(({ name }) => name).join(', ');
}
