import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
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

describe('what the operators’ page needs', () => {
  let database: TestDatabase;
  let folder: string;
  let api: OrdersApi;
  let withIssuer: OrdersApi;

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
    withIssuer = await OrdersApi.start({
      databaseUrl: database.url,
      pageDirectory: folder,
      environment: { ...ISSUER, AUTH_CLIENT_ID: 'mes-web' },
    });
  });

  afterAll(async () => {
    await Promise.all([api.stop(), withIssuer.stop()]);
    await database.drop();
    await rm(folder, { recursive: true });
  });

  describe('the page itself', () => {
    it.each(['/', '/mine', '/dashboard', '/orders/01935a3f-5a3e-7c44-9d7e-0f6a1f1b2c3d', '/signed-in?code=1'])(
      'is the same document at %s, which is asked for anew each time',
      async (path) => {
        const { status, headers, body } = await api.call<string>(path);
        expect(status).toBe(200);
        expect(body).toBe(DOCUMENT);
        expect(headers.get('content-type')).toMatch(/^text\/html/);
        expect(headers.get('cache-control')).toBe('no-cache');
      },
    );

    it('is not modified for whoever has it', async () => {
      const { headers } = await api.call('/');
      // As browsers ask; fetch() would ask everybody on the way for something new.
      const again = await rawRequest(api.url, { path: '/', headers: { 'If-None-Match': headers.get('etag') ?? '' } });
      expect(again.status).toBe(304);
    });

    it.each([
      ['br', 'br, gzip'],
      ['gzip', 'gzip'],
      ['gzip', '*, br;q=0'],
      [null, 'identity'],
      [null, 'br;q=0, gzip;q=0, *'],
    ])('has its scripts compressed beforehand, for good: %s', async (encoding, accepted) => {
      const { status, headers, body } = await api.call<string>('/assets/script-1a2b.js', {
        headers: { 'accept-encoding': accepted },
      });
      expect(status).toBe(200);
      expect(headers.get('content-encoding')).toBe(encoding);
      expect(headers.get('content-type')).toMatch(/javascript/);
      expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(body).toBe(SCRIPT);
    });

    it('has scripts for good however their path is encoded, and by no other path', async () => {
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

    it('may load what is its own, and reach the issuer, and nothing else', async () => {
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
    ])('leaves what there is not to problems: %s', async (path) => {
      const answer = await rawRequest(api.url, { method: 'GET', path });
      expect(answer.status).toBe(404);
      expect(answer.headers.get('content-type')).toMatch(/problem\+json/);
    });

    it('is not served where it was not built', async () => {
      const without = await OrdersApi.start({ databaseUrl: database.url, pageDirectory: join(folder, 'assets') });
      expectProblem(await without.call('/'), { status: 404, code: 'NOT_FOUND' });
      await without.stop();
    });
  });

  describe('how people sign in', () => {
    it('is by choosing a role where the API issues tokens itself', async () => {
      expect((await api.call('/page/settings')).body).toEqual({ signIn: { kind: 'development' } });
    });

    it('is at the issuer, if there is one', async () => {
      expect((await withIssuer.call('/page/settings')).body).toEqual({
        signIn: { kind: 'oidc', authority: ISSUER.AUTH_ISSUER, clientId: 'mes-web', scope: 'openid profile' },
      });
    });

    it('is not possible at an issuer that does not know the page', async () => {
      const unknown = await OrdersApi.start({ databaseUrl: database.url, environment: ISSUER });
      expect((await unknown.call('/page/settings')).body).toEqual({ signIn: { kind: 'none' } });
      await unknown.stop();
    });
  });

  describe('tokens for development', () => {
    it('are good for the role and the name that were chosen', async () => {
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
    ])('are for roles that there are, and for names that can be subjects: %j', async (body, field) => {
      const answer = await api.call(TOKENS, { method: 'POST', body });
      expectProblem(answer, { status: 400, code: 'INPUT_INVALID', fields: [field] });
    });

    it('are not given where tokens come from an issuer', async () => {
      const answer = await withIssuer.call(TOKENS, { method: 'POST', body: { role: 'admin' } });
      expectProblem(answer, { status: 403, code: 'DEVELOPMENT_SIGN_IN_REFUSED' });
    });

    /** A page of any origin may have its name lead to this machine, and is of the same origin then. */
    it.each([
      ['rebound.example.com', 403],
      ['127.0.0.1.example.com', 403],
      ['localhost:3000', 200],
      ['127.0.0.1', 200],
      ['[::1]:3000', 200],
    ])('are given to this machine by its own names only: %s', async (host, status) => {
      const body = JSON.stringify({ role: 'admin' });
      const answer = await rawRequest(api.url, {
        method: 'POST',
        path: TOKENS,
        headers: { Host: host, 'Content-Type': 'application/json', 'Content-Length': String(body.length) },
        body,
      });
      expect(answer.status).toBe(status);
    });

    it('are given to whoever comes where that was configured', async () => {
      const open = await OrdersApi.start({
        databaseUrl: database.url,
        environment: { DEVELOPMENT_SIGN_IN: 'open' },
      });
      const body = JSON.stringify({ role: 'viewer' });
      const answer = await rawRequest(open.url, {
        method: 'POST',
        path: TOKENS,
        headers: { Host: 'mes.workshop', 'Content-Type': 'application/json', 'Content-Length': String(body.length) },
        body,
      });
      expect(answer.status).toBe(200);
      await open.stop();
    });
  });
});
