import pg from 'pg';

/** Number of executed statements of each kind. */
export interface StatementCounts {
  readonly list: number;
  readonly dashboard: number;
  readonly order: number;
  readonly write: number;
  readonly other: number;
}

/**
 * Counts the statements of each kind. The text of a statement tells its kind, and the order of the cases matters. The heartbeats
 * of the instances, one a second each, are left out because requests do not cause them.
 */
const COUNTS = `
  SELECT kind, sum(calls)::integer AS calls
  FROM (
    SELECT calls, CASE
      WHEN query ~* '^\\s*(INSERT INTO|WITH changed AS)' THEN 'write'
      WHEN query LIKE '%order_status_counts%' AND query LIKE '%order_arrivals%' THEN 'dashboard'
      WHEN query LIKE '%FROM orders o%' AND query LIKE '%LIMIT%' THEN 'list'
      WHEN query LIKE '%"orders" "OrderEntity"%' THEN 'order'
      ELSE 'other'
    END AS kind
    FROM pg_stat_statements
    JOIN pg_database ON pg_database.oid = dbid AND datname = current_database()
    WHERE query NOT LIKE '%pg_stat_statements%' AND query NOT LIKE '%cache_members%'
  ) AS named
  GROUP BY kind`;

/** A counter of the statements that PostgreSQL executes in one database. It uses the module pg_stat_statements. */
export class StatementCounter {
  private constructor(private readonly client: pg.Client) {}

  /** @param url of the database, for a superuser of a server that has loaded the module */
  static async connect(url: string): Promise<StatementCounter> {
    const client = new pg.Client({ connectionString: url, application_name: 'mes-orders-bench' });
    // A broken connection also fails the query in progress.
    client.on('error', () => undefined);
    await client.connect();
    await client.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
    return new StatementCounter(client);
  }

  async reset(): Promise<void> {
    await this.client.query('SELECT pg_stat_statements_reset()');
  }

  /** The numbers since the last reset. */
  async counts(): Promise<StatementCounts> {
    const { rows } = await this.client.query<{ kind: keyof StatementCounts; calls: number }>(COUNTS);
    const none: StatementCounts = { list: 0, dashboard: 0, order: 0, write: 0, other: 0 };
    return { ...none, ...Object.fromEntries(rows.map(({ kind, calls }) => [kind, calls])) };
  }

  close(): Promise<void> {
    return this.client.end();
  }
}

export function allStatements(counts: StatementCounts): number {
  return counts.list + counts.dashboard + counts.order + counts.write + counts.other;
}
