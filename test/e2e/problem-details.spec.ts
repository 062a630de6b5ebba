import { randomUUID } from 'node:crypto';
import { eventually } from '../support/eventually.js';
import { expectProblem } from '../support/expect-problem.js';
import { OrdersApi, type ApiAnswer } from '../support/orders-api.js';
import { OrdersTable } from '../support/orders-table.js';
import { RedisServer } from '../support/redis-server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { newOrder } from '../support/test-orders.js';

describe('problem details', () => {
  let database: TestDatabase;
  let redis: RedisServer;
  let api: OrdersApi;
  let table: OrdersTable;
  let admin: string;

  beforeAll(async () => {
    [database, redis] = await Promise.all([createTestDatabase(), RedisServer.start()]);
    api = await OrdersApi.start({ databaseUrl: database.url, redisUrl: redis.url });
    table = await OrdersTable.connect(database.url);
    admin = await api.token('admin');
  });

  afterAll(async () => {
    await table.close();
    await api.stop();
    await redis.stop();
    await database.drop();
  });

  function get(path: string): Promise<ApiAnswer<Record<string, unknown>>> {
    return api.call(path, { token: admin });
  }

  it('have unique request ids, whatever id the client sends', async () => {
    const ids = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const headers = { 'x-request-id': 'mine', 'request-id': 'mine' };
        const { body } = await api.call<{ requestId: string }>('/nowhere', { headers });
        return body.requestId;
      }),
    );
    expect(new Set(ids).size).toBe(5);
    expect(ids).not.toContain('mine');
  });

  it('are sent whatever types the client accepts', async () => {
    const answer = await api.call('/nowhere', { headers: { accept: 'text/html' } });
    expectProblem(answer, { status: 404, code: 'NOT_FOUND' });
  });

  it('name every invalid field, with its path', async () => {
    const body = { ...newOrder({ quantity: 0, price: { amount: 'x', currency: 'x' } }), customer: { id: 7 }, extra: 1 };
    const answer = await api.call('/api/v1/orders', { method: 'POST', token: admin, body });
    const fields = ['quantity', 'price.amount', 'price.currency', 'customer.id', 'customer.name', 'extra'];
    expectProblem(answer, { status: 400, code: 'INPUT_INVALID', fields });
  });

  it.each<[string, string[], unknown[]]>([
    ['limit must be a whole number from 1 to 200', ['limit=abc', 'limit=1e2', 'limit=', 'limit=0', 'limit=201'], []],
    ['number must be a whole number from 1 to 999999999', ['number=%D9%A3', 'number=0', 'number=1234567890'], []],
    ['quantity must be a whole number from 1 to 10000', [], ['1', null, undefined, 1.5, 0, 10_001, true, [1]]],
    [
      'createdFrom must be a date and time with an offset, such as 2031-05-17T09:30:00Z; a + in a URL is written %2B',
      ['createdFrom=2026-01-01T00:00:00+03:00'],
      [],
    ],
  ])('say all that a value must be: %s', async (message, queries, quantities) => {
    const said = (answer: ApiAnswer<unknown>): unknown => (answer.body as { errors: unknown }).errors;
    const expected = [{ field: message.split(' ')[0], message }];
    for (const query of queries) expect(said(await get(`/api/v1/orders?${query}`))).toEqual(expected);
    for (const quantity of quantities) {
      const body = newOrder({ quantity });
      expect(said(await api.call('/api/v1/orders', { method: 'POST', token: admin, body }))).toEqual(expected);
    }
  });

  it('do not repeat the input', async () => {
    const body = newOrder({ comment: 7, externalId: ['secret-1'], 'secret-2': { 'secret-3': 'secret-4' } });
    const answer = await api.call('/api/v1/orders', { method: 'POST', token: admin, body });
    expect(JSON.stringify(answer.body)).not.toMatch(/secret-[134]/);
  });

  it('reveal no internals of an unexpected error, and are not cached', async () => {
    const paths = ['/api/v1/orders', `/api/v1/orders/${randomUUID()}`, '/api/v1/dashboard/statuses'];
    await table.query('ALTER TABLE orders RENAME COLUMN created_at TO gone');
    try {
      for (const path of paths) {
        const answer = await get(path);
        expectProblem(answer, { status: 500, code: 'INTERNAL_ERROR' });
        expect(JSON.stringify(answer.body)).not.toMatch(/orders|relation|select|query|\.ts|at /i);
      }
      const body = newOrder({ comment: 'hidden' });
      const answer = await api.call('/api/v1/orders', { method: 'POST', token: admin, body });
      expectProblem(answer, { status: 500, code: 'INTERNAL_ERROR' });
      expect(JSON.stringify(answer.body)).not.toMatch(/hidden|insert/i);
    } finally {
      await table.query('ALTER TABLE orders RENAME COLUMN gone TO created_at');
    }
    expect(await Promise.all(paths.map(async (path) => (await get(path)).status))).toEqual([200, 404, 200]);
  });

  it('report that the database is too busy, with the time to retry', async () => {
    await table.query('BEGIN');
    await table.query('LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
    try {
      const answer = await get(`/api/v1/orders/${randomUUID()}`);
      expectProblem(answer, { status: 503, code: 'DATABASE_UNAVAILABLE' });
      expect(answer.headers.get('retry-after')).toBe('1');
    } finally {
      await table.query('ROLLBACK');
    }
  });

  it('report that the database is away when it ends the connections, until it is back', async () => {
    const end = `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`;
    await table.query('BEGIN');
    await table.query('LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
    const waiting = get(`/api/v1/orders/${randomUUID()}`);
    await eventually(async () => {
      const [row] = await table.query<{ n: number }>(
        `SELECT count(*)::integer AS n FROM pg_locks
         WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
      return (row?.n ?? 0) > 0;
    });
    await table.query(end);
    await table.query('ROLLBACK');
    expectProblem(await waiting, { status: 503, code: 'DATABASE_UNAVAILABLE' });
    await eventually(async () => (await get('/api/v1/orders?limit=1')).status === 200);
  });
});
