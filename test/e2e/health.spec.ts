import { prepareDatabase } from '@mes/database';
import pg from 'pg';
import { createDatabaseWithRoles } from '../support/database-roles.js';
import { eventually } from '../support/eventually.js';
import { OrdersApi } from '../support/orders-api.js';
import { RedisServer } from '../support/redis-server.js';
import { Scrape } from '../support/scrape.js';
import { createTestDatabase } from '../support/test-database.js';
import { newOrder } from '../support/test-orders.js';
import { withSession } from '../support/with-session.js';

const PATIENCE_MS = 60_000;

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

  it('reports why requests get no connection, although the one for notifications works', async () => {
    const database = await createDatabaseWithRoles();
    await prepareDatabase({ url: database.ownerUrl, grantTo: database.role, patience: PATIENCE_MS });
    const api = await OrdersApi.start({ databaseUrl: database.roleUrl });
    const token = await api.token('operator');
    let asked = 0;
    const list = async (): Promise<number> =>
      (await api.call(`/api/v1/orders?assignee=nobody-${(asked += 1)}`, { token })).status;
    try {
      expect(await list()).toBe(200);
      await database.run(`ALTER ROLE "${database.role}" PASSWORD 'another'`);
      await database.run(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'mes-orders-api'`,
      );
      await eventually(async () => (await list()) === 503);
      const ready = await eventually(async () => {
        const answer = await api.call<{ status: string }>('/health/ready');
        return answer.body.status === 'degraded' && answer;
      });
      expect(ready.status).toBe(200);
      const message =
        'requests get no connection: PostgreSQL refuses the user or the password: correct them in DATABASE_URL';
      expect(ready.body).toMatchObject({ details: { database: { status: 'degraded', message } } });
      await database.run(`ALTER ROLE "${database.role}" PASSWORD 'role'`);
      await eventually(async () => (await list()) === 200);
      expect((await api.call('/health/ready')).body).toMatchObject({ details: { database: { status: 'up' } } });
    } finally {
      await api.stop();
      await database.drop();
    }
  });

  it.each([
    ['read-only', 'read_only_sql_transaction', /^writes fail because PostgreSQL is read-only: /],
    ['without room', 'disk_full', /^writes fail because the disk of PostgreSQL is full: /],
    ['without memory', 'out_of_memory', /^statements fail because PostgreSQL lacks memory /],
  ])('reports a PostgreSQL that is %s', async (_, condition, sentence) => {
    const database = await createTestDatabase();
    const api = await OrdersApi.start({ databaseUrl: database.url });
    try {
      await withSession(database.url, (sql) =>
        sql.query(`
          CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '${condition}'; END $$;
          CREATE TRIGGER refuse BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION refuse()`),
      );
      const request = { method: 'POST', token: await api.token('partner'), body: newOrder() };
      expect((await api.call('/api/v1/orders', request)).status).toBe(503);
      const message = expect.stringMatching(sentence) as string;
      expect((await api.call('/health/ready')).body).toMatchObject({
        details: { database: { status: 'degraded', message } },
      });
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
