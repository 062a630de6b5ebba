import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Configuration } from '../../apps/mes-api/src/config/configuration.js';
import { RateLimiter } from '../../apps/mes-api/src/rate-limits/rate-limiter.js';
import { SharedCounters } from '../../apps/mes-api/src/rate-limits/shared-counters.js';
import { eventually } from '../support/eventually.js';
import { expectProblem } from '../support/expect-problem.js';
import { OrdersApi, type ApiAnswer } from '../support/orders-api.js';
import { rawRequest } from '../support/raw-request.js';
import { RedisServer } from '../support/redis-server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { newOrder } from '../support/test-orders.js';

const LIMIT = 20;
const NEW_ORDERS = '/api/v1/orders?status=NEW';

class UncalledLimiter extends RateLimiter {
  override take(): never {
    throw new Error('requests are counted');
  }
}

describe('a rate limit', () => {
  let database: TestDatabase;
  let redis: RedisServer;
  let one: OrdersApi;
  let other: OrdersApi;
  let callers = 0;

  beforeAll(async () => {
    [database, redis] = await Promise.all([createTestDatabase(), RedisServer.start()]);
    [one, other] = await Promise.all([start(redis.url), start(redis.url)]);
  });

  afterAll(async () => {
    await Promise.all([one.stop(), other.stop()]);
    await redis.stop();
    await database.drop();
  });

  function start(redisUrl?: string): Promise<OrdersApi> {
    const environment = { RATE_LIMIT_PER_MINUTE: String(LIMIT), CORS_ORIGINS: 'https://floor.example' };
    return OrdersApi.start({ databaseUrl: database.url, redisUrl, environment });
  }

  /** A token of a new caller. */
  function freshToken(role: 'operator' | 'partner' | 'admin' = 'operator', api = one): Promise<string> {
    callers += 1;
    return api.token(role, `${role}-${callers}`);
  }

  /** The statuses of a number of calls, one after another. */
  async function statuses(count: number, call: () => Promise<ApiAnswer<unknown>>): Promise<number[]> {
    const seen: number[] = [];
    for (let i = 0; i < count; i += 1) seen.push((await call()).status);
    return seen;
  }

  function repeated(status: number, count: number): number[] {
    return Array.from({ length: count }, () => status);
  }

  it('refuses callers who exceed it, with the time to wait', async () => {
    const token = await freshToken();
    await statuses(LIMIT, () => one.call(NEW_ORDERS, { token }));
    const answer = await one.call(NEW_ORDERS, { token, headers: { origin: 'https://floor.example' } });
    expectProblem(answer, { status: 429, code: 'RATE_LIMIT_EXCEEDED' });
    const seconds = Number(answer.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(40);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(answer.headers.get('ratelimit')).toBe(`"per-minute";r=0;t=${seconds}`);
    expect(answer.headers.get('ratelimit-policy')).toBe(`"per-minute";q=${LIMIT};w=60`);
    for (const name of ['retry-after', 'ratelimit', 'ratelimit-policy'])
      expect(answer.headers.get('access-control-expose-headers')?.split(', ')).toContain(name);
    expect(answer.headers.get('cache-status')).toBeNull();
  });

  it('counts each request once, whether it is a hit, a miss, a write or an error', async () => {
    const token = await freshToken('admin');
    const limiter = one.application.get(RateLimiter);
    const missing = '/api/v1/orders/01935a3f-5a3e-7c44-9d7e-0f6a1f1b2c3d';
    const calls: [string, () => Promise<ApiAnswer<unknown>>, number][] = [
      ['a first call with a new token', () => one.call(NEW_ORDERS, { token }), 200],
      ['a hit in L1', () => one.call(NEW_ORDERS, { token }), 200],
      ['a hit in L1 by HEAD', () => one.call(NEW_ORDERS, { token, method: 'HEAD' }), 200],
      ['a miss', () => one.call('/api/v1/orders?limit=7', { token }), 200],
      ['an unknown parameter', () => one.call('/api/v1/orders?colour=red', { token }), 400],
      ['an unknown parameter elsewhere', () => one.call('/api/v1/cache/stats?colour=red', { token }), 400],
      ['a missing order', () => one.call(missing, { token }), 404],
      ['a creation', () => one.call('/api/v1/orders', { method: 'POST', token, body: newOrder() }), 201],
      ['an invalid creation', () => one.call('/api/v1/orders', { method: 'POST', token, body: {} }), 400],
    ];
    let left = LIMIT;
    for (const [name, call, status] of calls) {
      const answer = await call();
      left -= 2;
      // This call of the limiter itself counts as well.
      const { remaining } = limiter.take(`subject:admin-${callers}`);
      expect({ name, status: answer.status, remaining }).toEqual({ name, status, remaining: left });
    }
    const known = await one.call(NEW_ORDERS, { token });
    const etag = known.headers.get('etag') ?? '';
    expect((await one.call(NEW_ORDERS, { token, headers: { 'if-none-match': etag } })).status).toBe(304);
    expect((await one.call(NEW_ORDERS, { token })).status).toBe(429);
  });

  it('is the same for hits and for all other requests', async () => {
    const [hits, writes, refusals] = [await freshToken(), await freshToken('partner'), await freshToken('partner')];
    expect(await statuses(LIMIT + 3, () => one.call(NEW_ORDERS, { token: hits }))).toEqual([
      ...repeated(200, LIMIT),
      ...repeated(429, 3),
    ]);
    const create = { method: 'POST', token: writes, body: newOrder() };
    expect(await statuses(LIMIT + 3, () => one.call('/api/v1/orders', create))).toEqual([
      ...repeated(201, LIMIT),
      ...repeated(429, 3),
    ]);
    expect(await statuses(LIMIT + 3, () => one.call('/api/v1/cache/stats', { token: refusals }))).toEqual([
      ...repeated(403, LIMIT),
      ...repeated(429, 3),
    ]);
  });

  it('applies to each caller, across tokens and routes', async () => {
    const [token, neighbour] = [await freshToken(), await freshToken()];
    const second = await one.token('operator', `operator-${callers - 1}`, '1h');
    expect(second).not.toBe(token);
    await statuses(LIMIT / 2, () => one.call(NEW_ORDERS, { token }));
    await statuses(LIMIT / 2, () => one.call('/api/v1/dashboard/statuses', { token: second }));
    for (const mine of [token, second]) {
      expect((await one.call(NEW_ORDERS, { token: mine })).status).toBe(429);
      expect((await one.call('/api/v1/dashboard/statuses', { token: mine })).status).toBe(429);
    }
    expect((await one.call(NEW_ORDERS, { token: neighbour })).status).toBe(200);
  });

  it('applies to the address of callers without a valid token, and not to others at that address', async () => {
    const api = await start();
    try {
      const good = await api.token('operator');
      const expired = await api.token('operator', 'operator-1', '-1m');
      for (const token of [undefined, 'x.y.z', expired, `${good}x`]) {
        expect(await statuses(LIMIT / 4, () => api.call(NEW_ORDERS, { token }))).toEqual(repeated(401, LIMIT / 4));
      }
      expect((await api.call(NEW_ORDERS)).status).toBe(429);
      expect((await api.call('/api/v1/cache/stats', { token: 'x.y.z' })).status).toBe(429);
      expect((await api.call(NEW_ORDERS, { token: good })).status).toBe(200);
    } finally {
      await api.stop();
    }
  });

  describe('of addresses', () => {
    const PUBLIC = '203.0.113.';
    const apis: OrdersApi[] = [];

    afterEach(() => Promise.all(apis.splice(0).map((api) => api.stop())));

    async function startBehind(trustProxy: string, pageDirectory?: string): Promise<OrdersApi> {
      const environment = { RATE_LIMIT_PER_MINUTE: String(LIMIT), TRUST_PROXY: trustProxy };
      const api = await OrdersApi.start({ databaseUrl: database.url, pageDirectory, environment });
      apis.push(api);
      return api;
    }

    /** The statuses of one request more than the limit, each forwarded for the given address. */
    function statusesFor(api: OrdersApi, forwardedFor: (i: number) => string): Promise<number[]> {
      let i = 0;
      return statuses(LIMIT + 1, () => {
        i += 1;
        return api.call(NEW_ORDERS, { headers: { 'x-forwarded-for': forwardedFor(i) } });
      });
    }

    const ALL_ADMITTED = repeated(401, LIMIT + 1);
    const LAST_REFUSED = [...repeated(401, LIMIT), 429];

    it.each(['127.0.0.1', 'loopback', '10.0.0.0/8, 127.0.0.0/8', '1'])(
      'applies to the client behind a trusted proxy: %s',
      async (trustProxy) => {
        const api = await startBehind(trustProxy);
        expect(await statusesFor(api, (i) => `${PUBLIC}${i}`)).toEqual(ALL_ADMITTED);
        expect(await statusesFor(api, () => '198.51.100.1')).toEqual(LAST_REFUSED);
        expect(await statusesFor(api, () => '198.51.100.2')).toEqual(LAST_REFUSED);
      },
    );

    it('cannot be evaded by headers of the client', async () => {
      const api = await startBehind('loopback');
      expect(await statusesFor(api, (i) => `${PUBLIC}${i}, 198.51.100.1`)).toEqual(LAST_REFUSED);
      expect(await statusesFor(api, (i) => `${PUBLIC}${i}, nonsense ${i}`)).toEqual(LAST_REFUSED);
      expect(await statusesFor(api, (i) => `198.51.100.2:${i + 1_000}`)).toEqual(LAST_REFUSED);
      expect(await statusesFor(api, (i) => `2001:db8:0:1::${i}`)).toEqual(LAST_REFUSED);
      expect(await statusesFor(api, (i) => `2001:db8:0:1:${i}::, [2001:db8:0:2::${i}]:443`)).toEqual(LAST_REFUSED);
      expect(await statusesFor(api, (i) => `2001:db8:1:${i}::1`)).toEqual(ALL_ADMITTED);
    });

    it.each(['', '10.0.0.0/8', '192.0.2.1, uniquelocal'])(
      'applies to the peer’s address if that is not a trusted proxy: %s',
      async (trustProxy) => {
        const api = await startBehind(trustProxy);
        expect(await statusesFor(api, (i) => `${PUBLIC}${i}`)).toEqual(LAST_REFUSED);
      },
    );

    it('does not apply to the page and to sign-in', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'mes-rate-limits-'));
      await mkdir(join(folder, 'assets'));
      await writeFile(join(folder, 'index.html'), '<!doctype html><title>A page</title>');
      await writeFile(join(folder, 'assets', 'script.js'), '"a script"');
      const api = await startBehind('', folder);
      expect(await statusesFor(api, () => '')).toEqual(LAST_REFUSED);
      for (const path of ['/', '/assets/script.js', '/signed-in', '/page/settings']) {
        expect(await statuses(LIMIT + 1, () => api.call(path))).toEqual(repeated(200, LIMIT + 1));
      }
      expect((await api.call(NEW_ORDERS, { token: await api.token('operator') })).status).toBe(200);
      await rm(folder, { recursive: true });
    });
  });

  it('refuses before the body is read', async () => {
    const token = await freshToken('partner');
    await statuses(LIMIT, () => one.call(NEW_ORDERS, { token }));
    const answer = await rawRequest(one.url, {
      method: 'POST',
      path: '/api/v1/orders',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', 'Content-Length': '60000' },
    });
    expectProblem(answer, { status: 429, code: 'RATE_LIMIT_EXCEEDED' });
  });

  it('applies to each subject, whatever its name, in any notation of the header', async () => {
    const api = await start();
    const names = ['address:127.0.0.1', 'subject:a', '127.0.0.1', '__proto__', 'a'.repeat(255)];
    for (const subject of names) {
      const token = await api.token('operator', subject);
      let i = 0;
      const spelt = await statuses(LIMIT + 1, () => {
        i += 1;
        return api.call(NEW_ORDERS, {
          headers: { authorization: `${i % 2 ? 'bearer' : 'BEARER'}${' '.repeat(i)}${token}` },
        });
      });
      expect(spelt).toEqual([...repeated(200, LIMIT), 429]);
    }
    expect((await api.call(NEW_ORDERS)).status).toBe(401);
    await api.stop();
  });

  it('does not apply to health, metrics and documentation', async () => {
    for (const path of ['/health/live', '/health/ready', '/metrics', '/docs-json']) {
      expect(await statuses(LIMIT + 5, () => one.call(path))).toEqual(repeated(200, LIMIT + 5));
    }
  });

  it('is shared by all instances, except for requests within a tenth of a second', async () => {
    const [token, same] = [await freshToken('operator', one), await other.token('operator', `operator-${callers}`)];
    expect(await statuses(LIMIT, () => one.call(NEW_ORDERS, { token }))).toEqual(repeated(200, LIMIT));
    let more = 0;
    await eventually(async () => {
      const { status } = await other.call(NEW_ORDERS, { token: same });
      if (status === 200) more += 1;
      return status === 429;
    });
    expect(more).toBeLessThan(LIMIT);
    expect((await one.call(NEW_ORDERS, { token })).status).toBe(429);
  });

  it('applies to each instance while Redis is away, without waiting for Redis', async () => {
    const away = await RedisServer.start();
    const api = await start(away.url);
    try {
      await away.kill();
      const token = await api.token('operator');
      expect(await statuses(LIMIT + 2, () => api.call('/api/v1/orders?limit=3', { token }))).toEqual([
        ...repeated(200, LIMIT),
        ...repeated(429, 2),
      ]);
    } finally {
      await api.stop();
      await away.stop();
    }
  });

  it('does not apply unless it is configured', async () => {
    const api = await OrdersApi.start({
      databaseUrl: database.url,
      environment: { RATE_LIMIT_PER_MINUTE: '0' },
      override: (builder) =>
        builder.overrideProvider(RateLimiter).useFactory({
          inject: [SharedCounters, Configuration],
          factory: (counters: SharedCounters, { rateLimitPerMinute: limit }: Configuration) =>
            new UncalledLimiter(counters, { limit }),
        }),
    });
    try {
      const token = await api.token('operator');
      expect(await statuses(LIMIT * 2, () => api.call(NEW_ORDERS, { token }))).toEqual(repeated(200, LIMIT * 2));
    } finally {
      await api.stop();
    }
  });
});
