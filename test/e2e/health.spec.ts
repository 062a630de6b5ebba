import pg from 'pg';
import { eventually } from '../support/eventually.js';
import { OrdersApi } from '../support/orders-api.js';
import { RedisServer } from '../support/redis-server.js';
import { Scrape } from '../support/scrape.js';
import { createTestDatabase } from '../support/test-database.js';
import { withSession } from '../support/with-session.js';

describe('health', () => {
  it('is ready while the database is available, and reports when it is not', async () => {
    const database = await createTestDatabase();
    const api = await OrdersApi.start({ databaseUrl: database.url });
    try {
      expect((await api.call('/health/live')).status).toBe(200);
      const ready = await api.call('/health/ready');
      expect(ready.status).toBe(200);
      expect(ready.body).toMatchObject({ details: { database: { status: 'up' }, cache: { trusted: true } } });

      await database.drop();
      expect((await api.call('/health/live')).status).toBe(200);
      const gone = await eventually(async () => {
        const answer = await api.call('/health/ready');
        return answer.status === 503 && answer;
      });
      expect(gone.headers.get('content-type')).toContain('application/problem+json');
      const detail =
        'The database is not available: PostgreSQL has no database with this name: create it, or correct DATABASE_URL.';
      expect(gone.body).toMatchObject({ code: 'NOT_READY', detail });
    } finally {
      await api.stop();
      await database.drop();
    }
  });

  it('uses no connection that requests need, even if checked often', async () => {
    const database = await createTestDatabase();
    const api = await OrdersApi.start({ databaseUrl: database.url, environment: { DATABASE_POOL_SIZE: '2' } });
    const sql = new pg.Client(database.url);
    try {
      await sql.connect();
      await sql.query('BEGIN');
      await sql.query('LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
      // All connections of the pool wait for the lock.
      const operator = await api.token('operator');
      const lists = [1, 2, 3, 4].map((limit) => api.call(`/api/v1/orders?limit=${limit}`, { token: operator }));
      const probes = await Promise.all(Array.from({ length: 300 }, () => api.call('/health/ready')));
      expect(new Set(probes.map(({ status }) => status))).toEqual(new Set([200]));
      await sql.query('COMMIT');
      await Promise.all(lists);
    } finally {
      await sql.end();
      await api.stop();
      await database.drop();
    }
  });

  it('reports that the database is not as this build needs it', async () => {
    const database = await createTestDatabase();
    const api = await OrdersApi.start({ databaseUrl: database.url });
    try {
      await withSession(database.url, (sql) => sql.query('ALTER TABLE orders RENAME COLUMN comment TO remark'));
      const list = await api.call('/api/v1/orders?q=ring', { token: await api.token('operator') });
      expect(list.status).toBe(500);
      const ready = await api.call('/health/ready');
      expect(ready.status).toBe(200);
      const message = expect.stringMatching(/^statements fail because .*: run npm run migrate, /) as string;
      const state = { status: 'degraded', details: { database: { status: 'degraded', message } } };
      expect(ready.body).toMatchObject(state);
    } finally {
      await api.stop();
      await database.drop();
    }
  });

  it('is ready without Redis, and reports what is wrong without the address', async () => {
    const database = await createTestDatabase();
    const api = await OrdersApi.start({ databaseUrl: database.url, redisUrl: 'redis://127.0.0.1:1' });
    try {
      const ready = await api.call('/health/ready');
      expect(ready.status).toBe(200);
      const message = expect.stringContaining('nothing listens at the address in REDIS_URL: start Redis') as string;
      const cache = { status: 'degraded', trusted: false, problem: 'unreachable', message };
      expect(ready.body).toMatchObject({ status: 'degraded', details: { database: { status: 'up' }, cache } });
      expect(JSON.stringify(ready.body)).not.toContain('127.0.0.1');
      const metrics = await Scrape.of(api);
      expect(metrics.value('mes_cache_available')).toBe(0);
      expect(metrics.value('mes_cache_problem', { problem: 'unreachable' })).toBe(1);
      expect(metrics.value('mes_cache_problem')).toBe(1);
    } finally {
      await api.stop();
      await database.drop();
    }
  });

  it('reports a Redis that may evict pending writes', async () => {
    const [database, redis] = await Promise.all([
      createTestDatabase(),
      RedisServer.start({ args: ['--maxmemory-policy', 'allkeys-lru'] }),
    ]);
    const api = await OrdersApi.start({ databaseUrl: database.url, redisUrl: redis.url });
    try {
      const { body } = await eventually(async () => {
        const ready = await api.call<{ status: string }>('/health/ready');
        return ready.body.status === 'degraded' && ready;
      });
      expect(body).toMatchObject({ details: { cache: { trusted: true, problem: 'eviction-policy' } } });
      expect((await Scrape.of(api)).value('mes_cache_problem', { problem: 'eviction-policy' })).toBe(1);
    } finally {
      await api.stop();
      await redis.stop();
      await database.drop();
    }
  });

  it('reports an instance whose cache is not that of the others', async () => {
    const [database, redis] = await Promise.all([createTestDatabase(), RedisServer.start()]);
    const first = await OrdersApi.start({ databaseUrl: database.url, redisUrl: redis.url });
    const second = await OrdersApi.start({ databaseUrl: database.url });
    try {
      const { body } = await second.call('/health/ready');
      const message = expect.stringContaining('give all of them the same REDIS_URL') as string;
      expect(body).toMatchObject({ details: { cache: { trusted: false, problem: 'refused', message } } });
    } finally {
      await second.stop();
      await first.stop();
      await redis.stop();
      await database.drop();
    }
  });

  it('includes metrics for Prometheus, including those of the cache', async () => {
    const database = await createTestDatabase();
    const api = await OrdersApi.start({ databaseUrl: database.url });
    try {
      await api.call('/api/v1/orders', { token: await api.token('operator') });
      await api.call('/api/v1/orders', { token: await api.token('operator') });
      const { body } = await api.call<string>('/metrics');
      expect(body).toContain('mes_cache_hits_total{level="l1"} 1\n');
      expect(body).toContain('mes_cache_available 1\n');
      expect(body).toContain('process_cpu_seconds_total');
    } finally {
      await api.stop();
      await database.drop();
    }
  });
});
