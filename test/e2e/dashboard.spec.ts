import fc from 'fast-check';
import { OrdersApi } from '../support/orders-api.js';
import { OrdersTable } from '../support/orders-table.js';
import { RedisServer } from '../support/redis-server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { changeTo, newOrder, VARIED } from '../support/test-orders.js';

interface Dashboard {
  readonly counts: Record<string, number>;
  readonly oldestNewOrderAt: string | null;
  readonly createdLast24h: { readonly hour: string; readonly count: number }[];
  readonly asOf: string;
}

const HOUR = 60 * 60_000;

describe('the dashboard', () => {
  let database: TestDatabase;
  let redis: RedisServer;
  let api: OrdersApi;
  let table: OrdersTable;
  let viewer: string;
  let admin: string;
  let operator: string;

  beforeAll(async () => {
    [database, redis] = await Promise.all([createTestDatabase(), RedisServer.start()]);
    api = await OrdersApi.start({ databaseUrl: database.url, redisUrl: redis.url });
    table = await OrdersTable.connect(database.url);
    [viewer, admin, operator] = await Promise.all([api.token('viewer'), api.token('admin'), api.token('operator')]);
  });

  afterAll(async () => {
    await table.close();
    await api.stop();
    await redis.stop();
    await database.drop();
  });

  async function dashboard(): Promise<Dashboard> {
    const { status, body } = await api.call<Dashboard>('/api/v1/dashboard/statuses', { token: viewer });
    expect(status).toBe(200);
    return body;
  }

  /** Evicts everything, after changes that did not go through the API. */
  async function evict(): Promise<void> {
    const body = { tags: ['orders:counts'] };
    expect((await api.call('/api/v1/cache/evictions', { method: 'POST', token: admin, body })).status).toBe(202);
  }

  async function expectTruth(shown: Dashboard): Promise<void> {
    const byStatus = await table.query<{ status: string; n: number }>(
      'SELECT status, count(*)::integer AS n FROM orders GROUP BY status',
    );
    const counted = new Map(byStatus.map(({ status, n }) => [status, n]));
    expect(shown.counts).toEqual(Object.fromEntries(VARIED.status.map((status) => [status, counted.get(status) ?? 0])));

    const [oldest] = await table.query<{ at: Date | null }>(
      `SELECT min(created_at) AS at FROM orders WHERE status = 'NEW'`,
    );
    expect(shown.oldestNewOrderAt).toBe(oldest?.at?.toISOString() ?? null);

    const last = Date.parse(shown.createdLast24h.at(-1)?.hour ?? '');
    expect(shown.createdLast24h).toHaveLength(24);
    for (const [i, { hour, count }] of shown.createdLast24h.entries()) {
      expect(hour).toBe(new Date(last - (23 - i) * HOUR).toISOString());
      const [row] = await table.query<{ n: number }>(
        `SELECT count(*)::integer AS n FROM orders WHERE created_at >= $1 AND created_at < $1::timestamptz + interval '1 hour'`,
        [hour],
      );
      expect({ hour, count }).toEqual({ hour, count: row?.n });
    }
  }

  it('shows zeros when there are no orders', async () => {
    const before = Date.now();
    const shown = await dashboard();
    expect(shown.counts).toEqual(Object.fromEntries(VARIED.status.map((status) => [status, 0])));
    expect(shown.oldestNewOrderAt).toBeNull();
    expect(shown.createdLast24h.map(({ count }) => count)).toEqual(Array<number>(24).fill(0));
    const hour = Date.parse(shown.createdLast24h[23]?.hour ?? '');
    expect(hour % HOUR).toBe(0);
    expect(before - hour).toBeLessThan(HOUR + 60_000);
    expect(Math.abs(Date.parse(shown.asOf) - before)).toBeLessThan(60_000);
  });

  it('is correct after each of many random creations and changes', async () => {
    const ids: string[] = [];
    const step = fc.record({ create: fc.boolean(), which: fc.nat(), to: fc.constantFrom(...VARIED.status) });
    const steps = fc.sample(step, 40);
    for (const { create, which, to } of steps) {
      if (create || ids.length === 0) {
        const { body } = await api.call<{ id: string }>('/api/v1/orders', {
          method: 'POST',
          token: admin,
          body: newOrder(),
        });
        ids.push(body.id);
      } else {
        const id = ids[which % ids.length] ?? '';
        await api.call(`/api/v1/orders/${id}/status`, { method: 'PATCH', token: operator, body: { status: to } });
      }
      await expectTruth(await dashboard());
    }
  });

  it('is correct after many concurrent creations and changes', async () => {
    const created = await Promise.all(
      Array.from({ length: 40 }, () =>
        api.call<{ id: string }>('/api/v1/orders', { method: 'POST', token: admin, body: newOrder() }),
      ),
    );
    await Promise.all(
      created.flatMap(({ body: { id } }) =>
        ['MANUFACTURING_STARTED', 'CANCELLED', 'ON_HOLD'].map((status) =>
          api.call(`/api/v1/orders/${id}/status`, { method: 'PATCH', token: operator, body: changeTo(status) }),
        ),
      ),
    );
    await expectTruth(await dashboard());
  });

  it('is correct after changes by SQL, including old orders', async () => {
    await table.query(
      `INSERT INTO orders (id, source, customer_id, customer_name, product_name, material, quantity, priority, status,
         assignee, created_by, created_at)
       SELECT gen_random_uuid(), 'CRM', 'C', 'c', 'p', 'm', 1, 'LOW',
         CASE WHEN n % 3 = 0 THEN 'MANUFACTURING_STARTED' ELSE 'NEW' END::order_status, 'a', 'crm',
         now() - n * interval '17 minutes'
       FROM generate_series(0, 199) AS n`,
    );
    await evict();
    const shown = await dashboard();
    await expectTruth(shown);
    // The last hour may have begun after the orders were inserted.
    expect(shown.createdLast24h.slice(0, -1).every(({ count }) => count > 0)).toBe(true);

    await table.query(`UPDATE orders SET status = 'CANCELLED' WHERE created_by = 'crm' AND status = 'NEW'`);
    await evict();
    await expectTruth(await dashboard());

    await table.query(`DELETE FROM orders WHERE created_by = 'crm'`);
    await evict();
    await expectTruth(await dashboard());

    await table.query('TRUNCATE orders CASCADE');
    await evict();
    await expectTruth(await dashboard());
  });
});
