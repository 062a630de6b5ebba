import { readFile } from 'node:fs/promises';
import { eventually } from '../support/eventually.js';
import { OrdersApi } from '../support/orders-api.js';
import { redisCommand } from '../support/redis-command.js';
import { RedisServer } from '../support/redis-server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { newOrder } from '../support/test-orders.js';

describe('the documented user of Redis', () => {
  let database: TestDatabase;
  let redis: RedisServer;
  let rights: readonly string[];
  let redisUrl: string;

  beforeAll(async () => {
    const [documentation] = await Promise.all([
      readFile('docker/README.md', 'utf8'),
      (async () => {
        [database, redis] = await Promise.all([createTestDatabase(), RedisServer.start()]);
      })(),
    ]);
    const line = /^ACL SETUSER mes (on >\S+ .*)$/m.exec(documentation)?.[1] ?? '';
    rights = line.split(' ');
    redisUrl = `redis://mes:${rights[1]?.slice(1) ?? ''}@127.0.0.1:${redis.port}`;
  });

  afterAll(async () => {
    await redis.stop();
    await database.drop();
  });

  function allow(given: readonly string[]): Promise<unknown> {
    return redisCommand({ url: redis.url }, 'ACL', 'SETUSER', 'mes', 'reset', ...given);
  }

  function start(): Promise<OrdersApi> {
    const environment = { RATE_LIMIT_PER_MINUTE: '1000', CACHE_INSPECTIONS_PER_MINUTE: '600' };
    return OrdersApi.start({ databaseUrl: database.url, redisUrl, environment });
  }

  it('has all rights that the API needs', async () => {
    await allow(rights);
    const [one, other] = [await start(), await start()];
    try {
      for (const api of [one, other]) {
        const { body } = await api.call('/health/ready');
        expect(body).toMatchObject({ status: 'ok', details: { cache: { status: 'up', trusted: true } } });
      }
      const [partner, operator, admin] = await Promise.all([
        one.token('partner'),
        one.token('operator'),
        one.token('admin'),
      ]);
      const headers = { 'idempotency-key': 'a-key-of-the-partner' };
      const request = { method: 'POST', token: partner, headers, body: newOrder() };
      const { body: order, status } = await one.call<{ id: string }>('/api/v1/orders', request);
      expect(status).toBe(201);
      for (const api of [one, other]) {
        const token = await api.token('operator');
        for (const path of [`/${order.id}`, '?status=NEW', '?sort=dueAt', '?limit=7', '/count']) {
          for (let i = 0; i < 2; i += 1) expect((await api.call(`/api/v1/orders${path}`, { token })).status).toBe(200);
        }
      }
      const change = { method: 'PATCH', token: operator, body: { status: 'MANUFACTURING_STARTED' } };
      expect((await one.call(`/api/v1/orders/${order.id}/status`, change)).status).toBe(200);
      const eviction = { method: 'POST', token: admin, body: { tags: ['epoch', 'orders:NEW'] } };
      expect((await one.call('/api/v1/cache/evictions', eviction)).status).toBe(202);

      // The counts of the rate limits are shared, and the policy has been asked for.
      await eventually(async () => (await keys()).some((key) => key.includes(':count:')));
      await eventually(async () => (await calls('info')) > 4);
      const statistics = await other.call('/api/v1/cache/stats', { token: await other.token('admin') });
      expect(statistics.body).toMatchObject({ available: true, storeFailures: 0, unannouncedWrites: 0 });
      expect(await redisCommand({ url: redis.url }, 'ACL', 'LOG')).toEqual([]);
    } finally {
      await one.stop();
      await other.stop();
    }
  });

  it('has no right that the API does not need', async () => {
    const api = await start();
    try {
      for (const right of rights.filter((word) => word.startsWith('+'))) {
        await allow(rights.filter((word) => word !== right));
        // As after a restart of Redis: without connections and without scripts.
        await redisCommand({ url: redis.url }, 'SCRIPT', 'FLUSH');
        await redisCommand({ url: redis.url }, 'CLIENT', 'KILL', 'USER', 'mes');
        const problem = await eventually(async () => {
          const { body } = await api.call<{ details: { cache: { problem?: string } } }>('/health/ready');
          return body.details.cache.problem === 'rights' && right;
        });
        expect(problem).toBe(right);
        await allow(rights);
        await eventually(async () => (await api.call<{ status: string }>('/health/ready')).body.status === 'ok');
      }
    } finally {
      await api.stop();
    }
  });

  function keys(): Promise<string[]> {
    return redisCommand({ url: redis.url }, 'KEYS', '*');
  }

  async function calls(command: string): Promise<number> {
    const statistics = await redisCommand<string>({ url: redis.url }, 'INFO', 'commandstats');
    return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(statistics)?.[1] ?? 0);
  }
});
