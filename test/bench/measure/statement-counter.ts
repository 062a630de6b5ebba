import pg from 'pg';

/** How often statements of these kinds were executed. */
export interface StatementCounts {
  readonly list: number;
  readonly dashboard: number;
  readonly order: number;
  readonly write: number;
  readonly other: number;
}

/**
 * By what it says, since a statement has no other name. The order of the cases matters. The heartbeat of each instance, one a
 * second, is no cost of requests.
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

/** Counts what PostgreSQL executes in one database, by its module pg_stat_statements. */
export class StatementCounter {
  private constructor(private readonly client: pg.Client) {}

  /** @param url of the database, as a superuser of a server that has the module loaded */
  static async connect(url: string): Promise<StatementCounter> {
    const client = new pg.Client({ connectionString: url, application_name: 'mes-orders-bench' });
    // Whatever breaks the connection fails the query under way, too.
    client.on('error', () => undefined);
    await client.connect();
    await client.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
    return new StatementCounter(client);
  }

  async reset(): Promise<void> {
    await this.client.query('SELECT pg_stat_statements_reset()');
  }

  /** Since the last reset. */
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
