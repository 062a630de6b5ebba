import pg from 'pg';

/** Direct access to the database, without the API. */
export class OrdersTable {
  private constructor(private readonly pool: pg.Pool) {}

  static async connect(databaseUrl: string): Promise<OrdersTable> {
    const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
    // A restart of the server breaks the connection. The next query opens a new one.
    pool.on('error', () => undefined);
    (await pool.connect()).release();
    return new OrdersTable(pool);
  }

  async query<T extends object>(sql: string, parameters: readonly unknown[] = []): Promise<T[]> {
    return (await this.pool.query<T>(sql, [...parameters])).rows;
  }

  /** A value that changes when an order is created, changed or removed. */
  async fingerprint(): Promise<unknown> {
    const [row] = await this.query(
      `SELECT count(*), sum(version) AS versions, max(updated_at) AS last, (SELECT count(*) FROM order_status_changes) AS changes
       FROM orders`,
    );
    return row;
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}
