import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiProcess, PATIENT } from '../support/api-process.js';
import { eventually } from '../support/eventually.js';
import { OrdersApi } from '../support/orders-api.js';
import { rawRequest } from '../support/raw-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { newOrder } from '../support/test-orders.js';
import { TokenIssuer } from '../support/token-issuer.js';

const ORDERS = '/api/v1/orders';
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

interface RequestLine {
  readonly level: number;
  readonly request: Readonly<Record<string, unknown>>;
}

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => {
  await database.drop();
});

describe('the log of requests', () => {
  let issuer: TokenIssuer;
  let folder: string;
  let api: ApiProcess;
  let url: string;
  let operator: string;
  let partner: string;

  beforeAll(async () => {
    [issuer, folder] = await Promise.all([TokenIssuer.start(), mkdtemp(join(tmpdir(), 'mes-request-log-'))]);
    api = new ApiProcess({
      ...PATIENT,
      NODE_ENV: 'production',
      DATABASE_URL: database.url,
      DATA_DIR: folder,
      LOG_HITS_EVERY: '3',
      ...issuer.environment,
    });
    [operator, partner] = await Promise.all([
      issuer.token({ subject: 'operator-7', roles: ['operator'] }),
      issuer.token({ subject: 'shop-3', roles: ['partner'] }),
    ]);
    url = await api.ready();
  });

  afterAll(async () => {
    await api.destroy();
    await Promise.all([issuer.stop(), rm(folder, { recursive: true })]);
  });

  /** What the log says of requests since this position, if it says so much. */
  function linesFrom(start: number): RequestLine[] {
    const lines = api.output.slice(start).split('\n').slice(0, -1);
    const parsed = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as RequestLine);
    return parsed.filter(({ request }) => (request as unknown) !== undefined);
  }

  function send(path: string, options: { method?: string; headers?: Record<string, string>; body?: unknown } = {}) {
    const { method = 'GET', headers = {}, body } = options;
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    return fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${operator}`, ...type, ...headers },
      body: body === undefined ? null : JSON.stringify(body),
    });
  }

  it('has one line for each request, with its id, its caller and what came of it', async () => {
    const start = api.output.length;
    const answers = [
      await send(`${ORDERS}?status=NEW&q=secret`),
      await send(`${ORDERS}/${randomUUID()}`),
      await send(`/${randomUUID()}`),
      await send(ORDERS, { method: 'POST', headers: { authorization: `Bearer ${partner}` }, body: newOrder() }),
      await send(ORDERS, { headers: { authorization: 'Bearer wrong' } }),
    ];
    for (const answer of answers) await answer.text();
    const lines = await eventually(() => linesFrom(start).length >= answers.length && linesFrom(start));
    expect(
      lines.map(({ level, request: { id: _, milliseconds, ...rest } }) => [level, typeof milliseconds, rest]),
    ).toEqual(
      [
        { subject: 'operator-7', method: 'GET', route: ORDERS, status: 200, cache: 'miss' },
        {
          subject: 'operator-7',
          method: 'GET',
          route: `${ORDERS}/:id`,
          status: 404,
          code: 'ORDER_NOT_FOUND',
          cache: 'none',
        },
        { subject: null, method: 'GET', route: null, status: 404, code: 'NOT_FOUND', cache: 'none' },
        { subject: 'shop-3', method: 'POST', route: ORDERS, status: 201, cache: 'none' },
        { subject: null, method: 'GET', route: ORDERS, status: 401, code: 'TOKEN_INVALID', cache: 'none' },
      ].map((rest) => [30, 'number', rest]),
    );
    expect(lines.map(({ request }) => request.id)).toEqual(answers.map(({ headers }) => headers.get('x-request-id')));
  });

  it('has a sample of the hits', async () => {
    const list = `${ORDERS}?status=CLOSED`;
    const read = async (): Promise<Response> => {
      const answer = await send(list);
      await answer.text();
      return answer;
    };
    await read();
    const start = api.output.length;
    const ids: (string | null)[] = [];
    for (let i = 0; i < 7; i += 1) ids.push((await read()).headers.get('x-request-id'));
    await (await send(`${ORDERS}/${randomUUID()}`)).text();
    const lines = await eventually(
      () => linesFrom(start).some(({ request }) => request.status === 404) && linesFrom(start),
    );
    const hits = lines.filter(({ request }) => request.cache === 'l1');
    // How many hits came before, since the last one of the sample, is not known here.
    expect([2, 3]).toContain(hits.length);
    expect(ids).toEqual(expect.arrayContaining(hits.map(({ request }) => request.id)));
    expect(hits[0]?.request).toMatchObject({ subject: 'operator-7', method: 'GET', route: ORDERS, status: 200 });
  });

  it('tells of a client that breaks off a body, and of nothing else', async () => {
    const start = api.output.length;
    const { hostname, port } = new URL(url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(
          `POST ${ORDERS} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${partner}\r\n` +
            'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"source":',
        );
        setTimeout(() => socket.destroy(), 200);
      });
      socket.on('close', () => {
        resolve();
      });
    });
    const [line, ...others] = await eventually(() => linesFrom(start).length > 0 && linesFrom(start));
    expect(line).toMatchObject({
      level: 30,
      request: { subject: 'shop-3', method: 'POST', route: ORDERS, status: 499, aborted: true },
    });
    expect(others).toEqual([]);
    expect(api.output.slice(start)).not.toMatch(/"level":[456]0|DATABASE_UNAVAILABLE|INTERNAL_ERROR/);
  });
});

describe('X-Request-Id', () => {
  const GIVEN = 'from-the-proxy.1';
  let open: OrdersApi;
  let proxied: OrdersApi;

  beforeAll(async () => {
    [open, proxied] = await Promise.all([
      OrdersApi.start({ databaseUrl: database.url }),
      OrdersApi.start({
        databaseUrl: database.url,
        environment: { TRUST_PROXY: 'loopback', CORS_ORIGINS: 'https://a.example' },
      }),
    ]);
  });

  afterAll(async () => {
    await Promise.all([open.stop(), proxied.stop()]);
  });

  it('is on every response', async () => {
    const token = await open.token('operator');
    const ids = new Set<string>();
    const expectId = (headers: Headers): void => {
      const id = headers.get('x-request-id') ?? '';
      expect(id).toMatch(UUID);
      ids.add(id);
    };
    for (let i = 0; i < 3; i += 1) expectId((await open.call(ORDERS, { token })).headers);
    const { headers } = await open.call(ORDERS, { token });
    const notModified = await open.call(ORDERS, { token, headers: { 'if-none-match': headers.get('etag') ?? '' } });
    expect(notModified.status).toBe(304);
    expectId(notModified.headers);
    for (const path of ['/nowhere', '/health/live', '/metrics', '/docs']) expectId((await open.call(path)).headers);
    expectId((await rawRequest(open.url, { path: '/%zz' })).headers);
    expectId((await rawRequest(open.url, { method: 'NONSENSE', path: '/' })).headers);
    const refused = await open.call(ORDERS);
    expect(refused.body.requestId).toBe(refused.headers.get('x-request-id'));
    expect(ids.size).toBe(10);
  });

  it('comes from a trusted proxy, if it looks like an id', async () => {
    const token = await proxied.token('operator');
    const idFor = async (api: OrdersApi, id: string, path = ORDERS): Promise<string | null> =>
      (await api.call(path, { token: await api.token('operator'), headers: { 'x-request-id': id } })).headers.get(
        'x-request-id',
      );
    expect(await idFor(proxied, GIVEN)).toBe(GIVEN);
    expect(await idFor(proxied, GIVEN, '/nowhere')).toBe(GIVEN);
    // On the fast path, and with the headers of another hook.
    await proxied.call(ORDERS, { token });
    const { headers } = await proxied.call(ORDERS, {
      token,
      headers: { 'x-request-id': GIVEN, origin: 'https://a.example' },
    });
    expect(headers.get('x-request-id')).toBe(GIVEN);
    expect(headers.get('access-control-expose-headers')).toContain('x-request-id');
    for (const bad of ['short', 'a'.repeat(65), 'two words', '<script>alert(1)</script>', 'line%0abreak']) {
      expect(await idFor(proxied, bad)).toMatch(UUID);
    }
    expect(await idFor(open, GIVEN)).toMatch(UUID);
  });
});
