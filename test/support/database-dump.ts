import { prepareDatabase } from '@mes/database';
import { withSession } from './with-session.js';

/** The tables in an order that satisfies their foreign keys. */
const TABLES = [
  ...['orders', 'order_status_changes', 'order_status_counts', 'order_arrivals', 'order_milestones'],
  ...['archived_orders', 'archived_order_status_changes', 'order_archiving'],
  ...['order_events', 'order_event_horizons', 'secrets'],
];

const CONTINUE_NUMBERS = `SELECT
  setval(pg_get_serial_sequence('orders', 'number'), (SELECT coalesce(max(number), 0) + 1 FROM (SELECT number FROM orders UNION ALL SELECT number FROM archived_orders) AS o)),
  setval(pg_get_serial_sequence('order_events', 'seq'), (SELECT coalesce(max(seq), 0) + 1 FROM order_events))`;

interface TableDump {
  readonly name: string;
  readonly columns: string;
  readonly rows: string;
}

/**
 * The rows of a database, for restores like those of `pg_restore`. The real programs would have to match the server's version.
 */
export class DatabaseDump {
  private constructor(private readonly tables: readonly TableDump[]) {}

  static take(databaseUrl: string): Promise<DatabaseDump> {
    return withSession(databaseUrl, async (client) => {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      const tables: TableDump[] = [];
      for (const name of TABLES) {
        const { rows } = await client.query<Omit<TableDump, 'name'>>(
          `SELECT (SELECT coalesce(json_agg(t), '[]')::text FROM ${name} t) AS rows,
            (SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute
             WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '') AS columns`,
          [name],
        );
        tables.push(...rows.map((row) => ({ name, ...row })));
      }
      return new DatabaseDump(tables);
    });
  }

  /** Drops all tables, creates them again and fills them in many transactions, like `pg_restore --clean`. */
  async restore(databaseUrl: string): Promise<void> {
    await withSession(databaseUrl, (client) => client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public'));
    await prepareDatabase({ url: databaseUrl, patience: 60_000 });
    await this.restoreData(databaseUrl);
  }

  /** Empties some tables and fills them, like `pg_restore --data-only --disable-triggers --single-transaction`. */
  async restoreData(databaseUrl: string, only: readonly string[] = TABLES): Promise<void> {
    await withSession(databaseUrl, async (client) => {
      await client.query('BEGIN');
      for (const name of only) await client.query(`ALTER TABLE ${name} DISABLE TRIGGER ALL`);
      await client.query(`TRUNCATE ${only.join(', ')}`);
      for (const { name, columns, rows } of this.tables.filter((table) => only.includes(table.name))) {
        await client.query(
          `INSERT INTO ${name} (${columns}) OVERRIDING SYSTEM VALUE
           SELECT ${columns} FROM json_populate_recordset(NULL::${name}, $1)`,
          [rows],
        );
      }
      if (only.includes('orders')) await client.query(CONTINUE_NUMBERS);
      for (const name of only) await client.query(`ALTER TABLE ${name} ENABLE TRIGGER ALL`);
      await client.query('COMMIT');
    });
  }
}
