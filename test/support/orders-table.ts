import pg from 'pg';

/** A look past the API, at what is really in the database. */
export class OrdersTable {
  private constructor(private readonly client: pg.Client) {}

  static async connect(databaseUrl: string): Promise<OrdersTable> {
    const client = new pg.Client(databaseUrl);
    await client.connect();
    return new OrdersTable(client);
  }

  async query<T extends object>(sql: string, parameters: readonly unknown[] = []): Promise<T[]> {
    return (await this.client.query<T>(sql, [...parameters])).rows;
  }

  /** The same as long as no order is created, changed or removed. */
  async fingerprint(): Promise<unknown> {
    const [row] = await this.query(
      `SELECT count(*), sum(version) AS versions, max(updated_at) AS last, (SELECT count(*) FROM order_status_changes) AS changes
       FROM orders`,
    );
    return row;
  }

  close(): Promise<void> {
    return this.client.end();
  }
}
