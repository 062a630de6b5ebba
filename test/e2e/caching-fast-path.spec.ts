import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { VersionStore } from '@mes/cache';
import { eventually } from '../support/eventually.js';
import { OrdersApi } from '../support/orders-api.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { newOrder } from '../support/test-orders.js';

interface Listed {
  readonly items: readonly { readonly id: string; readonly createdBy: string }[];
}

const NEW_ORDERS = '/api/v1/orders?status=NEW';
const DASHBOARD = '/api/v1/dashboard/statuses';
const NEAR_HIT = 'mes-near; hit';

// The fast path responds before Nest's guards and pipes run, and must decide like them.
describe('a cached response on the fast path', () => {
  let database: TestDatabase;
  let api: OrdersApi;
  let operator: string;
  let partner: string;
  let order: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    api = await OrdersApi.start({
      databaseUrl: database.url,
      redisUrl: process.env.TEST_REDIS_URL ?? '',
      environment: { CORS_ORIGINS: 'https://floor.example' },
    });
    [operator, partner] = await Promise.all([api.token('operator'), api.token('partner', 'partner-1')]);
    for (const creator of ['partner-1', 'partner-2']) {
      const token = await api.token('partner', creator);
      for (let i = 0; i < 5; i += 1) {
        const created = await api.call('/api/v1/orders', { method: 'POST', token, body: newOrder() });
        expect(created.status).toBe(201);
        if (creator === 'partner-2') order = `/api/v1/orders/${String(created.body.id)}`;
      }
    }
  });

  afterAll(async () => {
    await api.stop();
    await database.drop();
  });

  beforeEach(async () => {
    for (const path of [NEW_ORDERS, DASHBOARD, order]) await near(path);
  });

  async function near(path: string, token = operator, headers = {}): ReturnType<OrdersApi['call']> {
    // After a standstill of PostgreSQL, an instance does without its cache for a moment.
    return eventually(async () => {
      const answer = await api.call(path, { token, headers });
      return answer.headers.get('cache-status') === NEAR_HIT && answer;
    });
  }

  it('is not sent without a valid token', async () => {
    for (const path of [NEW_ORDERS, DASHBOARD, order]) {
      for (const token of [
        undefined,
        'x.y.z',
        `${operator}x`,
        operator.slice(0, -3),
        await api.token('operator', 'o', '-1m'),
      ]) {
        const { status, headers } = await api.call(path, { token });
        expect(status).toBe(401);
        expect(headers.get('cache-status')).toBeNull();
        expect(headers.get('cache-control')).toBe('no-store');
      }
    }
  });

  it('is not sent to callers without a role that the route allows', async () => {
    for (const token of [partner, partner, await api.token([], 'nobody')]) {
      expect((await api.call(DASHBOARD, { token })).status).toBe(403);
    }
    expect((await api.call(NEW_ORDERS, { token: await api.token([], 'nobody') })).status).toBe(403);
  });

  it('is not sent to a partner for another partner’s order', async () => {
    for (let i = 0; i < 2; i += 1) {
      expect((await api.call(order, { token: partner })).status).toBe(404);
      expect((await api.call(`${order}/history`, { token: partner })).status).toBe(404);
    }
    const own = (await near(NEW_ORDERS, partner)).body as Listed;
    expect(own.items).toHaveLength(5);
    expect(new Set(own.items.map(({ createdBy }) => createdBy))).toEqual(new Set(['partner-1']));
    const all = (await near(NEW_ORDERS)).body as Listed;
    expect(all.items).toHaveLength(10);
  });

  it.each([
    [`${NEW_ORDERS}&colour=gold`, 'colour'],
    [`${NEW_ORDERS}&limit=0`, 'limit'],
    [`${NEW_ORDERS}&q=%ff`, ''],
    [`${DASHBOARD}?status=NEW`, 'status'],
  ])('is not sent for the invalid target %s, even after repeated requests', async (path, field) => {
    for (let i = 0; i < 3; i += 1) {
      const { status, body } = await api.call<{ errors: { field: string }[] }>(path, { token: operator });
      expect(status).toBe(400);
      expect(body.errors.map((error) => error.field)).toEqual([field]);
    }
    const single = await api.call(`${order}?status=NEW`, { token: operator });
    expect(single.status).toBe(400);
  });

  it('has the same headers as a loaded response', async () => {
    const path = `${NEW_ORDERS}&limit=7`;
    const headers = { origin: 'https://floor.example' };
    const miss = await api.call(path, { token: operator, headers });
    const hit = await api.call(path, { token: operator, headers });
    const seen = ({ headers: all }: typeof miss): Record<string, string> => {
      const { date, 'x-request-id': id, ...rest } = Object.fromEntries(all);
      expect([date, id]).toEqual([expect.any(String), expect.any(String)]);
      return rest;
    };
    expect(seen(hit)).toEqual({ ...seen(miss), 'cache-status': NEAR_HIT });
    expect(seen(hit)).toMatchObject({
      'access-control-allow-origin': 'https://floor.example',
      'x-content-type-options': 'nosniff',
      vary: 'Origin, accept-encoding',
    });
  });

  it('is neither parsed nor serialised', async () => {
    await near(NEW_ORDERS, operator, { 'accept-encoding': 'identity' });
    const { parse, stringify } = JSON;
    let calls = 0;
    const counted =
      <T extends unknown[], R>(original: (...values: T) => R) =>
      (...values: T): R => {
        calls += 1;
        return original(...values);
      };
    Object.assign(JSON, { parse: counted(parse), stringify: counted(stringify) });
    try {
      // What the instances tell each other in the background is JSON as well, and may come in between.
      await eventually(async () => {
        calls = 0;
        const answer = await fetch(`${api.url}${NEW_ORDERS}`, { headers: { authorization: `Bearer ${operator}` } });
        await answer.arrayBuffer();
        expect(answer.headers.get('cache-status')).toBe(NEAR_HIT);
        return calls === 0;
      });
      await api.application.get(VersionStore).invalidate(['orders:NEW']);
      await fetch(`${api.url}${NEW_ORDERS}`, { headers: { authorization: `Bearer ${operator}` } });
      expect(calls).toBeGreaterThan(0);
    } finally {
      Object.assign(JSON, { parse, stringify });
    }
  });

  it.each([
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
  ])('is sent in %s with a separate entity tag, by this process and by another', async (coding, decompress) => {
    const other = await OrdersApi.start({ databaseUrl: database.url, redisUrl: process.env.TEST_REDIS_URL ?? '' });
    try {
      const expected = await near(NEW_ORDERS, operator, { 'accept-encoding': 'identity' });
      const token = await other.token('operator');
      for (const [url, authorization, cacheStatus] of [
        [api.url, operator, NEAR_HIT],
        [other.url, token, 'mes-redis; hit'],
        [other.url, token, NEAR_HIT],
      ] as const) {
        const request = get(`${url}${NEW_ORDERS}`, {
          headers: { authorization: `Bearer ${authorization}`, 'accept-encoding': coding },
        });
        const [answer] = (await once(request, 'response')) as [IncomingMessage];
        const { headers } = answer;
        const body = await buffer(answer);
        expect(headers['cache-status']).toBe(cacheStatus);
        expect(headers['content-encoding']).toBe(coding);
        expect(JSON.parse(decompress(body).toString())).toEqual(expected.body);
        expect(headers.etag).toBe(expected.headers.get('etag')?.replace(/"$/, `-${coding}"`));
      }
    } finally {
      await other.stop();
    }
  });

  it('is replaced by 304 for clients that have it, and has no body for HEAD', async () => {
    const { headers } = await near(NEW_ORDERS);
    const known = await api.call<string>(NEW_ORDERS, {
      token: operator,
      headers: { 'if-none-match': headers.get('etag') ?? '' },
    });
    expect(known.status).toBe(304);
    expect(known.headers.get('cache-status')).toBe(NEAR_HIT);
    const head = await api.call<string>(NEW_ORDERS, { token: operator, method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(head.headers.get('cache-status')).toBe(NEAR_HIT);
    expect(head.headers.get('etag')).toBe(headers.get('etag'));
  });

  it('for a single order has an entity tag that begins with the version', async () => {
    const { headers } = await near(order, operator, { 'accept-encoding': 'br' });
    expect(headers.get('etag')).toMatch(/^"1-[\w-]{27}"$/);
    expect(headers.get('content-encoding')).toBeNull();
  });
});
