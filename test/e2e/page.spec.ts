import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { OWN_PATHS } from '../../apps/mes-api/src/config/environment.js';
import { eventually } from '../support/eventually.js';
import { expectProblem } from '../support/expect-problem.js';
import { OrdersApi } from '../support/orders-api.js';
import { rawRequest } from '../support/raw-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const DOCUMENT = '<!doctype html><title>A page</title>';
const SCRIPT = `console.log('${'a script '.repeat(200)}')`;
const TOKENS = '/page/development-tokens';

const ISSUER = {
  AUTH_ISSUER: 'https://login.example.com/realms/mes',
  AUTH_JWKS_URL: 'https://login.example.com/jwks',
  AUTH_AUDIENCE: 'mes',
};

describe('the API for the operators’ page', () => {
  let database: TestDatabase;
  let folder: string;
  let api: OrdersApi;
  let withIssuer: OrdersApi;
  let open: OrdersApi;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mes-page-spec-'));
    await mkdir(join(folder, 'assets'));
    await writeFile(join(folder, 'index.html'), DOCUMENT);
    for (const [name, content] of [
      ['script-1a2b.js', SCRIPT],
      ['script-1a2b.js.br', brotliCompressSync(SCRIPT)],
      ['script-1a2b.js.gz', gzipSync(SCRIPT)],
    ] as const) {
      await writeFile(join(folder, 'assets', name), content);
    }
    database = await createTestDatabase();
    api = await OrdersApi.start({ databaseUrl: database.url, pageDirectory: folder });
    open = await OrdersApi.start({ databaseUrl: database.url, environment: { DEVELOPMENT_SIGN_IN: 'open' } });
    withIssuer = await OrdersApi.start({
      databaseUrl: database.url,
      pageDirectory: folder,
      environment: { ...ISSUER, AUTH_CLIENT_ID: 'mes-web' },
    });
  });

  afterAll(async () => {
    await Promise.all([api.stop(), withIssuer.stop(), open.stop()]);
    await database.drop();
    await rm(folder, { recursive: true });
  });

  it('is, like the API, at paths that no base path begins like', () => {
    const routes = api.application.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false });
    const beginnings = [...routes.matchAll(/^ {4}[├└]── ([\w-]+)(?=[ /])/gm)].map(([, name]) => name);
    expect(beginnings).toEqual(expect.arrayContaining(['api', 'assets', 'health']));
    expect(OWN_PATHS).toEqual(expect.arrayContaining(beginnings));
  });

  describe('the page itself', () => {
    it.each([
      '/',
      '/board',
      '/mine',
      '/dashboard',
      '/orders/01935a3f-5a3e-7c44-9d7e-0f6a1f1b2c3d',
      '/signed-in?code=1',
    ])('is the same document at %s, which browsers revalidate each time', async (path) => {
      const { status, headers, body } = await api.call<string>(path);
      expect(status).toBe(200);
      expect(body).toBe(DOCUMENT);
      expect(headers.get('content-type')).toMatch(/^text\/html/);
      expect(headers.get('cache-control')).toBe('no-cache');
    });

    it('is answered with 304 for browsers that have it', async () => {
      const { headers } = await api.call('/');
      // Browsers send this condition alone; fetch() would add headers that forbid a cached response.
      const again = await rawRequest(api.url, { path: '/', headers: { 'If-None-Match': headers.get('etag') ?? '' } });
      expect(again.status).toBe(304);
    });

    it.each([
      ['br', 'br, gzip'],
      ['gzip', 'gzip'],
      ['br', 'br;q=1.0, gzip;q=0.8'],
      [null, 'gzip; q=0.0 , *'],
      [null, 'BR;Q=0, gzip;q=0'],
      [null, '*, br;q=0'],
      [null, 'identity'],
      [null, 'br;q=0, gzip;q=0, *'],
    ])('has precompressed, immutable scripts: %s', async (encoding, accepted) => {
      const { status, headers, body } = await api.call<string>('/assets/script-1a2b.js', {
        headers: { 'accept-encoding': accepted },
      });
      expect(status).toBe(200);
      expect(headers.get('content-encoding')).toBe(encoding);
      expect(headers.get('content-type')).toMatch(/javascript/);
      expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(body).toBe(SCRIPT);
    });

    it('has immutable scripts at any encoding of their path, and at no other path', async () => {
      const encoded = await rawRequest(api.url, { path: '/%61ssets/script-1a2b.j%73' });
      expect(encoded.status).toBe(200);
      expect(encoded.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      for (const path of [
        '//assets/script-1a2b.js',
        '/assets//script-1a2b.js',
        '/./assets/script-1a2b.js',
        '/assets%2Fscript-1a2b.js',
      ]) {
        expectProblem(await rawRequest(api.url, { path }), { status: 404, code: 'NOT_FOUND' });
      }
    });

    it('has a policy to load only its own files, and to reach only the API and the issuer', async () => {
      const policy = (await api.call('/')).headers.get('content-security-policy') ?? '';
      for (const directive of ["default-src 'self'", "script-src 'self'", "connect-src 'self'", "style-src 'self'"]) {
        expect(policy.split(';')).toContain(directive);
      }
      const other = (await withIssuer.call('/')).headers.get('content-security-policy') ?? '';
      expect(other.split(';')).toContain("connect-src 'self' https://login.example.com");
      expect(other.split(';')).toContain("frame-src 'self' https://login.example.com");
      expect((await api.call('/health/live')).headers.get('content-security-policy')).not.toBe(policy);
    });

    it.each([
      '/assets/other.js',
      '/assets/',
      '/assets/../../package.json',
      '/assets/%2e%2e/%2e%2e/package.json',
      '/nowhere',
      '/orders',
    ])('does not replace problem responses: %s', async (path) => {
      const answer = await rawRequest(api.url, { method: 'GET', path });
      expect(answer.status).toBe(404);
      expect(answer.headers.get('content-type')).toMatch(/problem\+json/);
    });

    it.each(['/nowhere', '/orders', '/orders/1/more', '/%', '/orders/%E0%A4%A'])(
      'is the response to a browser that navigates to an address that does not exist: %s',
      async (path) => {
        const { status, headers, body } = await api.call<string>(path, { headers: { accept: 'text/html,*/*;q=0.8' } });
        expect(status).toBe(404);
        expect(body).toBe(DOCUMENT);
        expect(headers.get('content-type')).toMatch(/^text\/html/);
        expect(headers.get('cache-control')).toBe('no-cache');
        expect(headers.get('content-security-policy')).toBe(
          (await api.call('/')).headers.get('content-security-policy'),
        );
      },
    );

    it.each([
      ['GET', '/api/v1/nowhere'],
      ['GET', '/assets/other.js'],
      ['POST', '/nowhere'],
    ])('does not replace problem responses even for browsers: %s %s', async (method, path) => {
      const answer = await api.call(path, { method, headers: { accept: 'text/html' } });
      expectProblem(answer, { status: 404, code: 'NOT_FOUND' });
    });

    it.each(['/', '/board', '/assets/script-1a2b.js'])('has no methods but GET and HEAD: %s', async (path) => {
      const answer = await api.call(path, { method: 'POST' });
      expectProblem(answer, { status: 405, code: 'METHOD_NOT_ALLOWED' });
      expect(answer.headers.get('allow')).toBe('GET, HEAD');
    });

    it('is not served if it was not built', async () => {
      const without = await OrdersApi.start({ databaseUrl: database.url, pageDirectory: join(folder, 'assets') });
      expectProblem(await without.call('/'), { status: 404, code: 'NOT_FOUND' });
      await without.stop();
    });
  });

  describe('the way to sign in', () => {
    it('is the choice of a role if the API issues tokens itself', async () => {
      expect((await api.call('/page/settings')).body).toEqual({ signIn: { kind: 'development' } });
    });

    it('is the issuer if one is configured', async () => {
      expect((await withIssuer.call('/page/settings')).body).toEqual({
        signIn: {
          kind: 'oidc',
          authority: ISSUER.AUTH_ISSUER,
          clientId: 'mes-web',
          scope: 'openid profile',
          audience: ISSUER.AUTH_AUDIENCE,
        },
      });
    });

    it('does not exist if the issuer does not know the page', async () => {
      const unknown = await OrdersApi.start({ databaseUrl: database.url, environment: ISSUER });
      expect((await unknown.call('/page/settings')).body).toEqual({ signIn: { kind: 'none' } });
      await unknown.stop();
    });
  });

  describe('development tokens', () => {
    it('are valid for the chosen role and name', async () => {
      const { status, body } = await api.call<{ token: string }>(TOKENS, {
        method: 'POST',
        body: { role: 'partner', name: 'anna' },
      });
      expect(status).toBe(200);
      const order = {
        source: 'SHOP',
        customer: { id: 'C', name: 'N' },
        product: { name: 'Ring' },
        material: 'Gold',
        quantity: 1,
      };
      const created = await api.call<{ createdBy: string }>('/api/v1/orders', {
        method: 'POST',
        token: body.token,
        body: order,
      });
      expect(created.status).toBe(201);
      expect(created.body.createdBy).toBe('anna');
      expect((await api.call('/api/v1/cache/stats', { token: body.token })).status).toBe(403);
    });

    it.each<[object, string]>([
      [{}, 'role'],
      [{ role: 'root' }, 'role'],
      [{ role: ['admin'] }, 'role'],
      [{ role: 'admin', name: '' }, 'name'],
      [{ role: 'admin', name: 'Анна' }, 'name'],
      [{ role: 'admin', name: 'a b' }, 'name'],
      [{ role: 'admin', scope: 'all' }, 'scope'],
    ])('are refused for invalid input: %j', async (body, field) => {
      const answer = await api.call(TOKENS, { method: 'POST', body });
      expectProblem(answer, { status: 400, code: 'INPUT_INVALID', fields: [field] });
    });

    it('are not issued if an issuer is configured', async () => {
      const answer = await withIssuer.call(TOKENS, { method: 'POST', body: { role: 'admin' } });
      expectProblem(answer, { status: 403, code: 'DEVELOPMENT_SIGN_IN_REFUSED' });
    });

    /** The status of the response to a request for a token with these headers. */
    async function statusOf(asked: OrdersApi, headers: Record<string, string>): Promise<number> {
      const answer = await rawRequest(asked.url, {
        method: 'POST',
        path: TOKENS,
        headers: { 'Content-Type': 'application/json', ...headers },
        body: JSON.stringify({ role: 'admin' }),
      });
      // A malformed host is refused for its form.
      if (answer.status === 403) expectProblem(answer, { status: 403, code: 'DEVELOPMENT_SIGN_IN_REFUSED' });
      return answer.status;
    }

    // DNS rebinding: a page can make its own name resolve to this machine, so that its requests have the same origin.
    it.each([
      ['rebound.example.com', 403],
      ['127.0.0.1.example.com', 403],
      ['localhost.example.com', 403],
      ['192.0.2.7', 403],
      ['localhost@rebound.example.com', 400],
      ['localhost:3000@rebound.example.com', 400],
      ['127.0.0.1/rebound.example.com', 400],
      ['', 400],
      ['[::1', 400],
      ['localhost:3000', 200],
      ['LOCALHOST', 200],
      ['127.0.0.1', 200],
      ['[::1]:3000', 200],
    ])('are issued only at this machine’s own names: %s', async (host, status) => {
      expect(await statusOf(api, { Host: host })).toBe(status);
    });

    it.each([
      ...['Forwarded', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'X-Forwarded-Port', 'X-Forwarded'],
      ...[
        'X-Real-IP',
        'Via',
        'X-Client-IP',
        'True-Client-IP',
        'CF-Connecting-IP',
        'X-Cluster-Client-IP',
        'Forwarded-For',
      ],
      ...[
        'X-Original-Forwarded-For',
        'X-Original-Host',
        'Fastly-Client-IP',
        'X-ProxyUser-Ip',
        'X-Envoy-External-Address',
      ],
    ])('are not issued through a proxy that sends %s', async (name) => {
      for (const asked of [api, open]) {
        for (const value of ['127.0.0.1', 'for=127.0.0.1', 'localhost', '']) {
          expect(await statusOf(asked, { [name]: value })).toBe(403);
        }
      }
    });

    it('are not issued to a page of another origin', async () => {
      const { host } = new URL(api.url);
      expect(await statusOf(api, { Origin: api.url })).toBe(200);
      expect(await statusOf(api, { Host: 'localhost:5173', Origin: 'http://localhost:5173' })).toBe(200);
      expect(await statusOf(api, { Host: 'localhost', Origin: 'http://localhost' })).toBe(200);
      for (const origin of [
        ...['https://evil.example', 'null', '', `https://${host}`, 'http://localhost:5173', 'http://127.0.0.1'],
        ...[`${api.url}.evil.example`, `${api.url}/`, 'file://', `http://user@${host}`],
      ]) {
        expect({ origin, status: await statusOf(api, { Origin: origin }) }).toEqual({ origin, status: 403 });
      }
    });

    it('are issued to pages of the origins in CORS_ORIGINS, and to none if that is *', async () => {
      const named = await OrdersApi.start({
        databaseUrl: database.url,
        environment: { CORS_ORIGINS: 'http://localhost:5173,https://floor.example' },
      });
      expect(await statusOf(named, { Origin: 'http://localhost:5173' })).toBe(200);
      expect(await statusOf(named, { Origin: 'https://floor.example' })).toBe(200);
      expect(await statusOf(named, { Origin: 'https://evil.example' })).toBe(403);
      expect(await statusOf(named, { Origin: 'https://floor.example', Host: 'floor.example' })).toBe(403);
      await named.stop();
      const all = await OrdersApi.start({ databaseUrl: database.url, environment: { CORS_ORIGINS: '*' } });
      expect(await statusOf(all, { Origin: 'https://floor.example' })).toBe(403);
      expect(await statusOf(all, {})).toBe(403);
      await all.stop();
    });

    it('are issued to the page on Vite’s development server, and to no other page through it', async () => {
      const vite = spawn(
        process.execPath,
        ['node_modules/vite/bin/vite.js', 'apps/mes-web', '--host', '127.0.0.1', '--port', '0'],
        { env: { PATH: process.env.PATH, API_URL: api.url, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const gone = once(vite, 'close');
      try {
        let output = '';
        vite.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
        const url = await eventually(() => /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0]);
        for (const [origin, status] of [
          [url, 200],
          [url.replace('127.0.0.1', 'localhost'), 403],
          ['https://evil.example', 403],
        ] as const) {
          const response = await fetch(`${url}${TOKENS}`, {
            method: 'POST',
            body: JSON.stringify({ role: 'viewer' }),
            headers: { origin, 'content-type': 'application/json' },
          });
          expect({ origin, status: response.status }).toEqual({ origin, status });
        }
      } finally {
        vite.kill();
        await gone;
      }
    });

    it('are not issued because of a trusted proxy’s forwarded host', async () => {
      const trusting = await OrdersApi.start({ databaseUrl: database.url, environment: { TRUST_PROXY: 'loopback' } });
      expect(await statusOf(trusting, { Host: 'evil.example', 'X-Forwarded-Host': 'localhost' })).toBe(403);
      expect(await statusOf(trusting, { 'X-Forwarded-Host': 'localhost', 'X-Forwarded-For': '127.0.0.1' })).toBe(403);
      expect(await statusOf(trusting, {})).toBe(200);
      await trusting.stop();
    });

    it.each([
      ['192.0.2.7:3000', 200],
      ['[2001:db8::7]:3000', 200],
      ['localhost:3000', 200],
      ['mes.workshop', 403],
      ['rebound.example.com:3000', 403],
      ['localhost.', 403],
      ['api', 403],
    ])('are issued at IP addresses and localhost only, if other machines are allowed: %s', async (host, status) => {
      expect(await statusOf(open, { Host: host })).toBe(status);
      expect(await statusOf(open, { Host: host, Origin: 'https://evil.example' })).toBe(403);
    });
  });
});
