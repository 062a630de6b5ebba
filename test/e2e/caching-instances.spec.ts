import { CacheStatistics } from '../../apps/mes-api/src/cache-administration/cache-statistics.js';
import { OrdersApi } from '../support/orders-api.js';
import { RedisServer } from '../support/redis-server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { newOrder } from '../support/test-orders.js';

interface Listed {
  readonly items: readonly { readonly id: string; readonly status: string }[];
}

interface Dashboard {
  readonly counts: Readonly<Record<string, number>>;
}

const ROUNDS = 100;
const NEW_ORDERS = '/api/v1/orders?status=NEW';
const DASHBOARD = '/api/v1/dashboard/statuses';

describe('two instances that share a database and a Redis', () => {
  let database: TestDatabase;
  let redis: RedisServer;
  let instances: readonly [OrdersApi, OrdersApi];

  beforeAll(async () => {
    [database, redis] = await Promise.all([createTestDatabase(), RedisServer.start()]);
    const start = (): Promise<OrdersApi> => OrdersApi.start({ databaseUrl: database.url, redisUrl: redis.url });
    instances = [await start(), await start()];
  });

  afterAll(async () => {
    await Promise.all(instances.map((instance) => instance.stop()));
    await redis.stop();
    await database.drop();
  });

  it(`show every change through one in the very next read through the other, ${ROUNDS} times`, async () => {
    const [partner, operator] = await Promise.all(
      instances.map(async (api) => [await api.token('partner'), await api.token('operator')]),
    );
    const tokens = [partner, operator] as const;
    let newOrders = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const writer = round % 2;
      const reader = 1 - writer;
      const write = instances[writer as 0 | 1];
      const read = instances[reader as 0 | 1];
      const [writerPartner, writerOperator] = tokens[writer as 0 | 1] as [string, string];
      const [, token] = tokens[reader as 0 | 1] as [string, string];

      const created = await write.call<{ id: string }>('/api/v1/orders', {
        method: 'POST',
        token: writerPartner,
        body: newOrder(),
      });
      newOrders += 1;
      const { id } = created.body;
      const listed = await read.call<Listed>(NEW_ORDERS, { token });
      expect(listed.body.items[0]).toMatchObject({ id });
      expect((await read.call(`/api/v1/orders/${id}`, { token })).body).toMatchObject({ status: 'NEW' });
      expect((await read.call<Dashboard>(DASHBOARD, { token })).body.counts.NEW).toBe(newOrders);

      const body = { status: 'MANUFACTURING_STARTED' };
      await write.call(`/api/v1/orders/${id}/status`, { method: 'PATCH', token: writerOperator, body });
      newOrders -= 1;
      const after = await read.call<Listed>(NEW_ORDERS, { token });
      expect(after.body.items.map((order) => order.id)).not.toContain(id);
      expect((await read.call(`/api/v1/orders/${id}`, { token })).body).toMatchObject({ status: body.status });
      expect((await read.call<Dashboard>(DASHBOARD, { token })).body.counts.NEW).toBe(newOrders);
    }
  });

  it.each([10, 100, 1_000])(
    'query the database once for %i readers of an uncached page at both instances',
    async (readers) => {
      const loads = (): number =>
        instances.reduce((sum, api) => sum + api.application.get(CacheStatistics).counts.loads, 0);
      const tokens = await Promise.all(instances.map((api) => api.token('operator')));
      const cold = `/api/v1/orders?status=NEW&sort=createdAt&limit=${100 + String(readers).length}`;
      const before = loads();
      const answers = await Promise.all(
        Array.from({ length: readers }, (_, i) =>
          instances[(i % 2) as 0 | 1].call(cold, { token: tokens[i % 2] ?? '' }),
        ),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(answers.map(({ headers }) => headers.get('etag'))).size).toBe(1);
      expect(loads() - before).toBe(1);
    },
  );

  it('give an order to only one operator, through any instance', async () => {
    const [first] = instances;
    const created = await first.call<{ id: string }>('/api/v1/orders', {
      method: 'POST',
      token: await first.token('partner'),
      body: newOrder(),
    });
    const attempts = Array.from({ length: 20 }, async (_, i) => {
      const api = instances[(i % 2) as 0 | 1];
      const token = await api.token('operator', `operator-${i}`);
      return api.call(`/api/v1/orders/${created.body.id}/status`, {
        method: 'PATCH',
        token,
        body: { status: 'MANUFACTURING_STARTED' },
      });
    });
    const answers = await Promise.all(attempts);
    const winner = answers.filter(({ status }) => status === 200);
    expect(winner).toHaveLength(1);
    for (const { status, body } of answers.filter((answer) => answer !== winner[0])) {
      expect(status).toBe(409);
      expect(body).toMatchObject({ currentStatus: 'MANUFACTURING_STARTED', assignee: winner[0]?.body.assignee });
    }
  });
});
