import { randomUUID } from 'node:crypto';
import { expectProblem } from '../support/expect-problem.js';
import { OrdersApi, type ApiAnswer } from '../support/orders-api.js';
import { rawRequest } from '../support/raw-request.js';
import { RedisServer } from '../support/redis-server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { changeTo, newOrder } from '../support/test-orders.js';

type Role = 'operator' | 'partner' | 'viewer' | 'admin';

const ROLES: readonly Role[] = ['operator', 'partner', 'viewer', 'admin'];
const EVERYBODY = ROLES;
const STAFF: readonly Role[] = ['operator', 'viewer', 'admin'];

interface Decision {
  /** The roles that have access; `public` routes need no token. */
  readonly may: readonly Role[] | 'public';
  /** The status of the response to these roles. */
  readonly status: number;
  readonly body?: unknown;
}

/** The decision for every route. A route without a decision fails the test. */
const DECISIONS: Readonly<Record<string, Decision>> = {
  'GET /api/v1/orders': { may: EVERYBODY, status: 200 },
  'GET /api/v1/orders/count': { may: EVERYBODY, status: 200 },
  'POST /api/v1/orders': { may: ['partner', 'admin'], status: 201, body: newOrder() },
  'GET /api/v1/orders/{id}': { may: EVERYBODY, status: 200 },
  'GET /api/v1/orders/{id}/history': { may: EVERYBODY, status: 200 },
  'PATCH /api/v1/orders/{id}': { may: ['operator', 'admin'], status: 200, body: { priority: 'HIGH' } },
  'PATCH /api/v1/orders/{id}/status': {
    may: ['operator', 'admin', 'partner'],
    status: 200,
    body: { status: 'CANCELLED' },
  },
  'PATCH /api/v1/orders/status': {
    may: ['operator', 'admin'],
    status: 200,
    body: { orders: [{ id: randomUUID() }], status: 'CANCELLED' },
  },
  'GET /api/v1/dashboard/statuses': { may: STAFF, status: 200 },
  'GET /api/v1/dashboard/due': { may: STAFF, status: 200 },
  'GET /api/v1/dashboard/throughput': { may: STAFF, status: 200 },
  'GET /api/v1/dashboard/workload': { may: STAFF, status: 200 },
  'GET /api/v1/events': { may: STAFF, status: 200 },
  'POST /api/v1/cache/evictions': { may: ['admin'], status: 202, body: { tags: ['epoch'] } },
  'GET /api/v1/cache/stats': { may: ['admin'], status: 200 },
  'GET /api/v1/me': { may: EVERYBODY, status: 200 },
  'GET /page/settings': { may: 'public', status: 200 },
  'POST /page/development-tokens': { may: 'public', status: 200, body: { role: 'viewer' } },
  'GET /health/live': { may: 'public', status: 200 },
  'GET /health/ready': { may: 'public', status: 200 },
  'GET /metrics': { may: 'public', status: 200 },
};

/** The paths of Swagger UI and its document. They are public, and the document does not describe them. */
const DOCUMENTATION = /^\/docs(-json|-yaml|\/.*)?$/;

describe('access', () => {
  let database: TestDatabase;
  let redis: RedisServer;
  let api: OrdersApi;
  let tokens: Record<Role, string>;
  let routes: string[];

  beforeAll(async () => {
    [database, redis] = await Promise.all([createTestDatabase(), RedisServer.start()]);
    api = await OrdersApi.start({ databaseUrl: database.url, redisUrl: redis.url });
    const [operator, partner, viewer, admin] = await Promise.all([
      api.token('operator'),
      api.token('partner'),
      api.token('viewer'),
      api.token('admin'),
    ]);
    tokens = { operator, partner, viewer, admin };
    const { body } = await api.call<{ paths: Record<string, object> }>('/docs-json');
    routes = Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
  });

  afterAll(async () => {
    await api.stop();
    await redis.stop();
    await database.drop();
  });

  async function createOrder(token = tokens.partner): Promise<string> {
    const { status, body } = await api.call<{ id: string }>('/api/v1/orders', {
      method: 'POST',
      token,
      body: newOrder(),
    });
    expect(status).toBe(201);
    return body.id;
  }

  /** All methods and paths with a handler, according to the router. */
  function servedRoutes(): string[] {
    const tree = api.application.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false });
    const parents: string[] = [];
    return tree.split('\n').flatMap((line) => {
      const [, indent = '', path = '', methods = ''] = /^([│ ]*)[├└]── (.*?) \(([A-Z, ]+)\)$/.exec(line) ?? [];
      if (methods === '') return [];
      const depth = indent.length / 4;
      parents.splice(depth, parents.length, path);
      const whole = parents.join('').replace(/(?<=.)\/$/, '');
      return methods.split(', ').map((method) => `${method} ${whole}`);
    });
  }

  /** The methods that the documented routes give a path. */
  function methodsOf(path: string): string[] {
    const methods = routes.flatMap((route) => {
      const [method = '', pattern = ''] = route.split(' ');
      if (!new RegExp(`^${pattern.replace('{id}', '[^/]+')}$`).test(path)) return [];
      return method === 'GET' ? ['GET', 'HEAD'] : [method];
    });
    return [...new Set(methods)].sort();
  }

  function bearer(token: string): Record<string, string> {
    return { Authorization: `Bearer ${token}` };
  }

  async function pathOf(route: string): Promise<string> {
    const [, path = ''] = route.split(' ');
    return path.replace('{id}', await createOrder());
  }

  /** The status of a response. It does not wait for the body, because the live events never end. */
  async function statusOf(route: string, token: string | undefined): Promise<number> {
    const [method = ''] = route.split(' ');
    return statusBy(method, await pathOf(route), token, DECISIONS[route]?.body);
  }

  async function statusBy(method: string, path: string, token: string | undefined, body?: unknown): Promise<number> {
    const response = await fetch(`${api.url}${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    await response.body?.cancel();
    return response.status;
  }

  it('is decided for exactly the documented routes', () => {
    expect([...routes].sort()).toEqual(Object.keys(DECISIONS).sort());
  });

  it.each(ROLES)('follows the decision for every route, with the role %s', async (role) => {
    const token = await api.token(role);
    for (const route of routes) {
      const decision = DECISIONS[route] ?? { may: [], status: 0 };
      const allowed = decision.may === 'public' || decision.may.includes(role);
      const status = await statusOf(route, token);
      expect({ role, route, status }).toEqual({ role, route, status: allowed ? decision.status : 403 });
    }
  });

  it.each<[string, () => Promise<string> | undefined, number]>([
    ['without a token', () => undefined, 401],
    ['with a token that has expired', () => api.token('admin', 'admin-1', '-1m'), 401],
    ['with a token without roles', () => api.token([]), 403],
    ['with an unknown role', () => api.token(JSON.parse('["root"]') as Role[]), 403],
  ])('is denied on every route that is not public, %s', async (_, token, denied) => {
    for (const route of routes) {
      const { may, status: good } = DECISIONS[route] ?? { may: [], status: 0 };
      const status = await statusOf(route, await token());
      expect({ route, status }).toEqual({ route, status: may === 'public' ? good : denied });
    }
  });

  it('is decided for every route of the server', () => {
    const paths = servedRoutes().filter((route) => !DOCUMENTATION.test(route.split(' ')[1] ?? ''));
    const asGet = paths.map((route) => route.replace(/^HEAD /, 'GET ').replace(/:(\w+)/g, '{$1}'));
    expect([...new Set(asGet)].sort()).toEqual([...routes].sort());
  });

  it('is the same for HEAD as for GET', async () => {
    for (const route of routes.filter((name) => name.startsWith('GET '))) {
      for (const token of [undefined, ...Object.values(tokens), await api.token([])]) {
        const path = await pathOf(route);
        const [get, head] = await Promise.all(['GET', 'HEAD'].map((method) => statusBy(method, path, token)));
        expect({ route, status: head }).toEqual({ route, status: get });
      }
    }
  });

  it.each(['OPTIONS', 'PUT', 'DELETE', 'TRACE', 'PROPFIND'])('is granted to no route by %s', async (method) => {
    for (const route of routes) {
      const path = await pathOf(route);
      const { status, headers } = await rawRequest(api.url, { method, path, headers: bearer(tokens.admin) });
      const allow = headers.get('allow')?.split(', ').sort();
      expect({ route, status, allow }).toEqual({ route, status: 405, allow: methodsOf(path) });
    }
  });

  it.each(['/docs', '/docs-json', '/docs/swagger-ui-bundle.js'])(
    'is public, with any token or none: %s',
    async (path) => {
      for (const token of [undefined, 'x.y.z', tokens.viewer]) {
        expect((await api.call(path, { token })).status).toBe(200);
      }
    },
  );

  it.each([
    '/docs',
    '/docs/',
    '/docs/swagger-ui-bundle.js',
    '/docs/no-such-file',
    '/docs-json',
    '/api/v1/d%61shboard/statuses',
  ])('is granted to no other method than the path has: %s', async (path) => {
    for (const method of ['POST', 'OPTIONS', 'DELETE']) {
      const answer = await rawRequest(api.url, { method, path, headers: bearer(tokens.admin) });
      expectProblem(answer, { status: 405, code: 'METHOD_NOT_ALLOWED' });
      expect(answer.headers.get('allow')).toBe('GET, HEAD');
    }
  });

  it.each(['/api/v1/orders/', '/docs/no-such-file', '/docs-yaml', '/doc', '/'])(
    'is 404 for a path that has nothing: %s',
    async (path) => {
      for (const method of path.startsWith('/docs/') ? ['GET'] : ['GET', 'DELETE', 'OPTIONS']) {
        const answer = await rawRequest(api.url, { method, path, headers: bearer(tokens.admin) });
        expectProblem(answer, { status: 404, code: 'NOT_FOUND' });
      }
    },
  );

  it('does not depend on the cache or on repeated requests', async () => {
    const id = await createOrder();
    const order = `/api/v1/orders/${id}`;
    const cached = [
      '/api/v1/orders?status=NEW',
      '/api/v1/orders/count',
      order,
      `${order}/history`,
      '/api/v1/dashboard/statuses',
      '/api/v1/dashboard/due',
      '/api/v1/dashboard/throughput',
      '/api/v1/dashboard/workload',
    ];
    const askers: [string, string | undefined][] = [
      ...Object.entries(tokens),
      ['another partner', await api.token('partner', 'stranger-1')],
      ['nobody', undefined],
      ['nobody with roles', await api.token([])],
      ['an astronaut', await api.token(JSON.parse('["astronaut"]') as Role[])],
      ['a viewer who is a partner', await api.token(['viewer', 'partner'])],
    ];
    const evict = { method: 'POST', token: tokens.admin, body: { tags: ['epoch'] } };
    const decisions = async ({ isCold }: { isCold: boolean }): Promise<unknown[]> => {
      const seen: unknown[] = [];
      for (const path of cached) {
        for (const [who, token] of askers) {
          if (isCold) await api.call('/api/v1/cache/evictions', evict);
          const { status, body } = await api.call(path, { token });
          const { code, createdBy, items, count } = body as {
            code?: string;
            createdBy?: string;
            items?: unknown[];
            count?: number;
          };
          seen.push({ path, who, status, code, createdBy, items: items?.length, count });
        }
      }
      return seen;
    };
    const cold = await decisions({ isCold: true });
    expect(await decisions({ isCold: false })).toEqual(cold);
    expect(await decisions({ isCold: false })).toEqual(cold);
  });

  it('is denied before any other error is reported', async () => {
    const wrong: [string, string, unknown][] = [
      ['GET', '/api/v1/orders?colour=red', undefined],
      ['GET', '/api/v1/orders/count?colour=red', undefined],
      ['GET', '/api/v1/orders/no-id?colour=red', undefined],
      ['POST', '/api/v1/orders?colour=red', {}],
      ['PATCH', '/api/v1/orders/no-id?colour=red', {}],
      ['PATCH', '/api/v1/orders/no-id/status?colour=red', {}],
      ['PATCH', '/api/v1/orders/status?colour=red', {}],
      ['GET', '/api/v1/dashboard/statuses?colour=red', undefined],
      ['GET', '/api/v1/dashboard/due?colour=red', undefined],
      ['GET', '/api/v1/dashboard/throughput?colour=red', undefined],
      ['GET', '/api/v1/dashboard/workload?colour=red', undefined],
      ['POST', '/api/v1/cache/evictions?colour=red', { tags: ['no tag'] }],
      ['GET', '/api/v1/cache/stats?colour=red', undefined],
      ['GET', '/api/v1/me?colour=red', undefined],
    ];
    const nobody = await api.token([]);
    for (const [method, path, body] of wrong) {
      for (const [token, status] of [
        [undefined, 401],
        [nobody, 403],
        [tokens.admin, 400],
      ] as const) {
        const answer = await api.call(path, { method, token, body });
        expect({ method, path, status: answer.status }).toEqual({ method, path, status });
      }
    }
  });

  it('is denied before the body is read, on every route that has one', async () => {
    const withBody = routes.filter((route) => DECISIONS[route]?.body !== undefined);
    expect(withBody).toHaveLength(6);
    const nobody = await api.token([]);
    for (const route of withBody) {
      const [method = '', path = ''] = route.split(' ');
      // The headers declare a body that never comes. A server that waits for it responds with 408, much later.
      const declared = { 'Content-Type': 'application/json', 'Content-Length': '60000' };
      const ask = (headers: Record<string, string>): ReturnType<typeof rawRequest> =>
        rawRequest(api.url, { method, path: path.replace('{id}', 'no-id'), headers: { ...declared, ...headers } });
      if (DECISIONS[route]?.may === 'public') {
        expect({ route, status: (await ask({ Via: '1.1 proxy' })).status }).toEqual({ route, status: 403 });
      } else {
        expect({ route, status: (await ask({})).status }).toEqual({ route, status: 401 });
        expect({ route, status: (await ask(bearer('x.y.z'))).status }).toEqual({ route, status: 401 });
        expect({ route, status: (await ask(bearer(nobody))).status }).toEqual({ route, status: 403 });
      }
    }
  });

  it('is denied whatever the body is', async () => {
    const bodies = ['{', 'a'.repeat(70_000), '{"__proto__":1}', JSON.stringify({ a: Array<number>(10_000).fill(1) })];
    for (const body of bodies) {
      expect((await api.call('/api/v1/orders', { method: 'POST', body })).status).toBe(401);
      const answer = await api.call('/page/development-tokens', { method: 'POST', headers: { via: '1.1 a' }, body });
      expect(answer.status).toBe(403);
    }
  });

  it('is the sum of the caller’s roles', async () => {
    const token = await api.token(['partner', 'operator'], 'both-1');
    const own = await createOrder(token);
    const foreign = await createOrder();
    expect((await api.call(`/api/v1/orders/${foreign}`, { token })).status).toBe(200);
    for (const id of [own, foreign]) {
      const change = { method: 'PATCH', token, body: changeTo('ON_HOLD') };
      expect((await api.call(`/api/v1/orders/${id}/status`, change)).status).toBe(200);
    }
    expect((await api.call('/api/v1/cache/stats', { token })).status).toBe(403);
  });

  it('is denied with the name of the missing role', async () => {
    const answer = await api.call('/api/v1/cache/stats', { token: tokens.operator });
    expectProblem(answer, { status: 403, code: 'ROLE_MISSING' });
    expect((answer.body as { detail: string }).detail).toContain('admin');
  });

  describe('of a partner', () => {
    let owner: string;
    let other: string;

    beforeAll(async () => {
      owner = await api.token('partner', 'owner-1');
      other = await api.token('partner', 'other-1');
    });

    function read(id: string, tail: string, token: string, etag?: string): Promise<ApiAnswer<Record<string, unknown>>> {
      const headers: Record<string, string> = etag === undefined ? {} : { 'if-none-match': etag };
      return api.call(`/api/v1/orders/${id}${tail}`, { token, headers });
    }

    /** Checks that the response for another partner's order equals that for an order that does not exist. */
    async function expectHidden(id: string, tail: string, token: string, etag?: string): Promise<void> {
      const hidden = await read(id, tail, token, etag);
      const absent = await read(randomUUID(), tail, token, etag);
      expectProblem(hidden, { status: 404, code: 'ORDER_NOT_FOUND' });
      expectProblem(absent, { status: 404, code: 'ORDER_NOT_FOUND' });
      const comparable = ({ body, headers }: ApiAnswer<Record<string, unknown>>): unknown => [
        { ...body, requestId: '' },
        [...headers.keys()].sort(),
        headers.get('cache-status'),
      ];
      expect(comparable(hidden)).toEqual(comparable(absent));
    }

    it.each(['', '/history'])('does not include other partners’ orders, cached or not: %s', async (tail) => {
      for (const readers of [[], [tokens.operator], [owner], [tokens.viewer, owner, tokens.admin]]) {
        const id = await createOrder(owner);
        const etags = ['"1"', '*', 'W/"1"'];
        // Each reader reads twice, so that the second read is a hit.
        for (const token of [...readers, ...readers]) {
          const { status, headers } = await read(id, tail, token);
          expect(status).toBe(200);
          etags.push(headers.get('etag') ?? '');
        }
        for (const etag of [undefined, ...etags]) await expectHidden(id, tail, other, etag);
        expect((await read(id, tail, owner)).status).toBe(200);
        for (const etag of etags) await expectHidden(id, tail, other, etag);
      }
    });

    it('does not include another partner’s order after its status has changed', async () => {
      const id = await createOrder(owner);
      const change = { method: 'PATCH', token: tokens.operator, body: { status: 'MANUFACTURING_STARTED' } };
      expect((await api.call(`/api/v1/orders/${id}/status`, change)).status).toBe(200);
      expect((await read(id, '', owner)).body).toMatchObject({ status: 'MANUFACTURING_STARTED' });
      await expectHidden(id, '', other, '"2"');
      await expectHidden(id, '/history', other);
    });

    it('distinguishes subjects with equal prefixes, similar characters, or letters in another case', async () => {
      const id = await createOrder(owner);
      await read(id, '', owner);
      for (const subject of ['owner-', 'owner-11', 'Owner-1', 'owner%2D1', 'own:owner-1', 'all', '*', 'owner-1/']) {
        await expectHidden(id, '', await api.token('partner', subject), '"1"');
      }
    });

    it.each(['', '?status=NEW', '?limit=200&sort=createdAt', '?q=ring'])(
      'includes only its own orders in lists, even if others requested the same list before: %s',
      async (query) => {
        const [mine, theirs] = [await createOrder(owner), await createOrder(other)];
        const lists = new Map<string, ApiAnswer<{ items: { id: string; createdBy: string }[] }>>();
        for (const token of [tokens.operator, owner, other, tokens.operator, other, owner]) {
          lists.set(token, await api.call(`/api/v1/orders${query}`, { token }));
        }
        const idsOf = (token: string): string[] => lists.get(token)?.body.items.map(({ id }) => id) ?? [];
        expect(new Set(lists.get(owner)?.body.items.map(({ createdBy }) => createdBy))).toEqual(new Set(['owner-1']));
        expect(new Set(lists.get(other)?.body.items.map(({ createdBy }) => createdBy))).toEqual(new Set(['other-1']));
        expect(idsOf(owner)).toContain(mine);
        expect(idsOf(other)).toContain(theirs);
        expect(idsOf(owner)).not.toContain(theirs);

        const etag = lists.get(owner)?.headers.get('etag') ?? '';
        const answer = await api.call(`/api/v1/orders${query}`, { token: other, headers: { 'if-none-match': etag } });
        expect(answer.status).toBe(200);
      },
    );
  });
});
