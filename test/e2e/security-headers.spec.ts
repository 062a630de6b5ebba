import { randomUUID } from 'node:crypto';
import { expectProblem } from '../support/expect-problem.js';
import { OrdersApi, type ApiAnswer, type ApiRequest } from '../support/orders-api.js';
import { OrdersTable } from '../support/orders-table.js';
import { rawRequest, type RawRequest } from '../support/raw-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { newOrder } from '../support/test-orders.js';

const ORDERS = '/api/v1/orders';
const FLOOR = 'https://floor.example';
const ELSEWHERE = 'https://elsewhere.example';

/** The security headers that `helmet` sets. */
const SECURITY_HEADERS: Readonly<Record<string, RegExp>> = {
  'content-security-policy': /default-src 'self';.*frame-ancestors 'self'.*object-src 'none'/,
  'strict-transport-security': /^max-age=\d{8}; includeSubDomains$/,
  'x-content-type-options': /^nosniff$/,
  'x-frame-options': /^SAMEORIGIN$/,
  'referrer-policy': /^no-referrer$/,
  'cross-origin-opener-policy': /^same-origin$/,
  'cross-origin-resource-policy': /^same-origin$/,
};

/** Headers that pages may always read, or that are for browsers, proxies and connections: https://fetch.spec.whatwg.org. */
const FOR_NO_PAGE =
  /^(access-control-.*|cache-control|content-.*|last-modified|accept-.*|connection|keep-alive|origin-agent-cluster|transfer-encoding|vary|x-(?!request-id).*)$/;

interface Kind {
  readonly name: string;
  readonly status: number;
  /** Sends the request with additional headers. */
  readonly ask: (headers: Record<string, string>) => Promise<ApiAnswer<unknown>>;
}

/** The headers of a response that say something to a program, and that a page of another origin cannot read. */
function hiddenOf(headers: Headers): string[] {
  const exposed = headers.get('access-control-expose-headers')?.toLowerCase().split(', ') ?? [];
  return [...headers.keys()].filter(
    (name) => !FOR_NO_PAGE.test(name) && !(name in SECURITY_HEADERS) && !exposed.includes(name),
  );
}

describe('every response', () => {
  let database: TestDatabase;
  let table: OrdersTable;
  let api: OrdersApi;
  let token: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    api = await OrdersApi.start({
      databaseUrl: database.url,
      environment: { CORS_ORIGINS: `${FLOOR},https://office.example`, RATE_LIMIT_PER_MINUTE: '1000' },
    });
    table = await OrdersTable.connect(database.url);
    token = await api.token('admin');
    await api.call(ORDERS, { token });
  });

  afterAll(async () => {
    await table.close();
    await api.stop();
    await database.drop();
  });

  function kind(name: string, status: number, path: string, request: ApiRequest & { as?: 'nobody' } = {}): Kind {
    const { as, ...rest } = request;
    const ask: Kind['ask'] = (headers) =>
      api.call(path, {
        ...(as === 'nobody' ? {} : { token }),
        ...rest,
        headers: { ...rest.headers, ...headers },
      });
    return { name, status, ask };
  }

  function raw(name: string, status: number, request: RawRequest): Kind {
    return {
      name,
      status,
      ask: (headers) =>
        rawRequest(api.url, {
          ...request,
          headers: { ...Object.fromEntries(Object.entries(request.headers ?? {})), ...headers },
        }),
    };
  }

  const kinds: Kind[] = [
    kind('a hit in L1', 200, ORDERS),
    kind('a hit in L1 by HEAD', 200, ORDERS, { method: 'HEAD' }),
    {
      name: 'a hit in L1 that is not modified',
      status: 304,
      ask: async (headers) => {
        const etag = (await api.call(ORDERS, { token })).headers.get('etag') ?? '';
        return api.call(ORDERS, { token, headers: { ...headers, 'if-none-match': etag } });
      },
    },
    {
      name: 'a miss',
      status: 200,
      ask: (headers) => api.call(`${ORDERS}?q=${randomUUID()}`, { token, headers }),
    },
    kind('a creation', 201, ORDERS, { method: 'POST', body: newOrder() }),
    kind('bad input', 400, `${ORDERS}?colour=red`),
    kind('bad JSON', 400, ORDERS, { method: 'POST', body: '{' }),
    kind('another media type', 415, ORDERS, { method: 'POST', body: 'a', headers: { 'content-type': 'text/plain' } }),
    kind('too large a body', 413, ORDERS, { method: 'POST', body: JSON.stringify('a'.repeat(70_000)) }),
    kind('no token', 401, ORDERS, { as: 'nobody' }),
    kind('an unknown order', 404, `${ORDERS}/${randomUUID()}`),
    kind('an unknown route', 404, '/nowhere'),
    kind('an unknown method', 405, ORDERS, { method: 'DELETE' }),
    kind('too long a URL', 414, `${ORDERS}?q=${'a'.repeat(9_000)}`),
    kind('who the caller is', 200, '/api/v1/me'),
    kind('the statistics of the cache', 200, '/api/v1/cache/stats'),
    kind('the settings of the page', 200, '/page/settings', { as: 'nobody' }),
    kind('health', 200, '/health/ready', { as: 'nobody' }),
    kind('metrics', 200, '/metrics', { as: 'nobody' }),
    kind('Swagger UI', 200, '/docs', { as: 'nobody' }),
    kind('a file of Swagger UI', 200, '/docs/swagger-ui.css', { as: 'nobody' }),
    kind('the OpenAPI document', 200, '/docs-json', { as: 'nobody' }),
    {
      name: 'a failure',
      status: 500,
      ask: async (headers) => {
        await table.query('ALTER TABLE orders RENAME COLUMN created_at TO gone');
        try {
          return await api.call(`${ORDERS}?q=${randomUUID()}`, { token, headers });
        } finally {
          await table.query('ALTER TABLE orders RENAME COLUMN gone TO created_at');
        }
      },
    },
    raw('a path that cannot be decoded', 400, { path: '/%zz' }),
  ];

  /** Requests that are refused before their headers are parsed, so that they have no origin. */
  const unreadable: Kind[] = [
    raw('no HTTP', 400, { method: 'FETCH', path: ORDERS }),
    raw('too many bytes of headers', 431, { path: ORDERS, headers: { 'X-A': 'a'.repeat(20_000) } }),
  ];

  it.each([...kinds, ...unreadable])('has the security headers: $name', async ({ status, ask }) => {
    const answer = await ask({});
    expect(answer.status).toBe(status);
    for (const [name, expected] of Object.entries(SECURITY_HEADERS)) {
      expect(`${name}: ${answer.headers.get(name) ?? ''}`).toMatch(new RegExp(`^${name}: `));
      expect(answer.headers.get(name)).toMatch(expected);
    }
    expect(answer.headers.get('x-powered-by')).toBeNull();
    expect(answer.headers.get('server')).toBeNull();
  });

  it.each([...kinds, ...unreadable])('says how it may be cached: $name', async ({ ask }) => {
    // Without that, some proxies and content delivery networks choose a time themselves.
    expect((await ask({})).headers.get('cache-control')).toMatch(/^(private, no-cache|no-store|public, max-age=0)$/);
  });

  it.each(kinds.filter(({ name }) => name !== 'a path that cannot be decoded'))(
    'may be read by pages from configured origins only: $name',
    async ({ status, ask }) => {
      const floor = await ask({ origin: FLOOR });
      expect(floor.status).toBe(status);
      expect(floor.headers.get('access-control-allow-origin')).toBe(FLOOR);
      expect(floor.headers.get('access-control-allow-credentials')).toBeNull();
      expect(hiddenOf(floor.headers)).toEqual([]);
      for (const origin of [ELSEWHERE, 'null', `${FLOOR}.evil.example`, FLOOR.replace('https', 'http')]) {
        const { headers } = await ask({ origin });
        expect(headers.get('access-control-allow-origin')).toBeNull();
        expect(headers.get('vary')?.toLowerCase()).toContain('origin');
      }
    },
  );

  it('answers preflight requests of configured origins', async () => {
    const headers = {
      origin: FLOOR,
      'access-control-request-method': 'PATCH',
      'access-control-request-headers': 'authorization,content-type,if-match,last-event-id',
    };
    const answer = await api.call(`${ORDERS}/${randomUUID()}/status`, { method: 'OPTIONS', headers });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe(FLOOR);
    expect(answer.headers.get('access-control-allow-methods')).toBe('GET, HEAD, POST, PATCH');
    expect(answer.headers.get('access-control-allow-headers')).toContain('authorization');
    expect(answer.headers.get('access-control-allow-headers')).toContain('last-event-id');
    const elsewhere = await api.call(ORDERS, { method: 'OPTIONS', headers: { ...headers, origin: ELSEWHERE } });
    expect(elsewhere.headers.get('access-control-allow-origin')).toBeNull();
  });

  it.each<Record<string, string>>([{}, { origin: FLOOR }, { 'access-control-request-method': 'PATCH' }])(
    'names the methods of a path for an OPTIONS request that is not a preflight: %j',
    async (headers) => {
      for (const [path, methods] of [
        [ORDERS, 'GET, HEAD, POST'],
        ['/health/live', 'GET, HEAD'],
      ] as const) {
        const answer = await api.call(path, { method: 'OPTIONS', headers });
        expectProblem(answer, { status: 405, code: 'METHOD_NOT_ALLOWED' });
        expect(answer.headers.get('allow')).toBe(methods);
      }
      const nowhere = await api.call('/nowhere', { method: 'OPTIONS', headers });
      expectProblem(nowhere, { status: 404, code: 'NOT_FOUND' });
    },
  );

  it('is the same without configured origins, except for the CORS headers', async () => {
    const closed = await OrdersApi.start({ databaseUrl: database.url });
    try {
      const operator = await closed.token('operator');
      for (const method of ['GET', 'GET', 'HEAD']) {
        const answer = await closed.call(ORDERS, { method, token: operator, headers: { origin: FLOOR } });
        expect(answer.status).toBe(200);
        expect(answer.headers.get('access-control-allow-origin')).toBeNull();
        for (const [name, expected] of Object.entries(SECURITY_HEADERS))
          expect(answer.headers.get(name)).toMatch(expected);
      }
      const headers = { origin: FLOOR, 'access-control-request-method': 'GET' };
      expect((await closed.call(ORDERS, { method: 'OPTIONS', headers })).status).toBe(405);
    } finally {
      await closed.stop();
    }
  });
});
