import { createHmac } from 'node:crypto';
import type { RequestListener, ServerResponse } from 'node:http';
import {
  decodeJwt,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  SignJWT,
  type CryptoKey,
  type JWTPayload,
} from 'jose';
import { freePort } from '../../libs/database/src/embedded/server-process.js';
import { ApiProcess } from '../support/api-process.js';
import { eventually } from '../support/eventually.js';
import { OrdersApi } from '../support/orders-api.js';
import { Scrape } from '../support/scrape.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { TokenIssuer, type TokenClaims } from '../support/token-issuer.js';

/** The tolerated difference between the clocks of the API and the issuer, in seconds. */
const LEEWAY = 5;

/** Keys that no token can be signed by: shared, for encryption, broken, of an unknown kind, and none. */
const UNUSABLE_KEYS = [
  { kty: 'oct', k: 'c2VjcmV0', alg: 'HS256' },
  { kty: 'RSA', n: 'sXch', e: 'AQAB', use: 'enc', alg: 'RSA-OAEP' },
  { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA', use: 'sig' },
  { kty: 'XYZ', kid: 'first' },
  {},
];

describe('an API with an issuer of tokens', () => {
  let database: TestDatabase;
  let issuer: TokenIssuer;
  let api: OrdersApi;

  beforeAll(async () => {
    database = await createTestDatabase();
  });

  afterAll(() => database.drop());

  beforeEach(async () => {
    issuer = await TokenIssuer.start();
    api = await OrdersApi.start({
      databaseUrl: database.url,
      environment: { NODE_ENV: 'production', ...issuer.environment },
    });
  });

  afterEach(async () => {
    await api.stop();
    await issuer.stop();
  });

  async function status(bearer: string): Promise<number> {
    return (await api.call('/api/v1/orders', { token: bearer })).status;
  }

  async function statusWith(claims: TokenClaims): Promise<number> {
    return status(await issuer.token(claims));
  }

  /** Valid claims. */
  function goodClaims(): JWTPayload {
    const { issuer: iss, audience: aud } = issuer;
    return { iss, aud, sub: 'anna', roles: ['admin'], exp: Math.floor(Date.now() / 1_000) + 300 };
  }

  /** A token that is assembled by hand, because libraries refuse to create it. */
  function forged(header: object, sign: (input: string) => string): string {
    const [head, payload] = [header, goodClaims()].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    );
    const input = `${head ?? ''}.${payload ?? ''}`;
    return `${input}.${sign(input)}`;
  }

  it('accepts the issuer’s tokens and no others', async () => {
    expect(await statusWith({})).toBe(200);
    expect(await statusWith({ issuer: 'https://elsewhere.example.com' })).toBe(401);
    expect(await statusWith({ issuer: `${issuer.issuer}/` })).toBe(401);
    expect(await statusWith({ audience: 'another-api' })).toBe(401);
    expect(await statusWith({ keyId: 'unknown' })).toBe(401);
    expect(await status(await api.token('operator'))).toBe(401);
  });

  it('refuses tokens that another key has signed under the issuer’s key id', async () => {
    const other = await TokenIssuer.start();
    try {
      expect(await status(await other.token())).toBe(401);
      expect(await status(await issuer.token())).toBe(200);
    } finally {
      await other.stop();
    }
  });

  it('refuses other algorithms, including those that need no key of the issuer', async () => {
    const [jwk] = await issuer.publicKeys();
    const publicKey = (await importJWK({ ...jwk }, 'ES256', { extractable: true })) as CryptoKey;
    const secrets = [await exportSPKI(publicKey), (await exportSPKI(publicKey)).trim(), JSON.stringify(jwk), ''];
    for (const alg of ['none', 'None', 'NONE', '']) {
      expect(await status(forged({ alg, kid: 'first' }, () => ''))).toBe(401);
      expect(await status(forged({ alg, kid: 'first' }, () => 'AAAA'))).toBe(401);
    }
    for (const secret of secrets) {
      const sign = (input: string): string => createHmac('sha256', secret).update(input).digest('base64url');
      for (const alg of ['HS256', 'ES256']) expect(await status(forged({ alg, kid: 'first' }, sign))).toBe(401);
    }
    const rsa = await generateKeyPair('RS256');
    for (const alg of ['RS256', 'PS256', 'ES384', 'EdDSA']) {
      const { privateKey } = alg === 'RS256' ? rsa : await generateKeyPair(alg);
      const token = new SignJWT(goodClaims()).setProtectedHeader({ alg, kid: 'first' });
      expect(await status(await token.sign(privateKey))).toBe(401);
    }
  });

  it('uses no key in a token, and fetches none from an address in a token', async () => {
    const asked = issuer.requests;
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(publicKey);
    const jku = `${new URL(issuer.jwksUrl).origin}/elsewhere`;
    for (const header of [{ jwk }, { jku }, { x5u: jku }, { jwk, kid: 'first' }, { crit: ['b64'], b64: false }]) {
      const token = new SignJWT(goodClaims()).setProtectedHeader({ alg: 'ES256', ...header });
      const signed = await token.sign(privateKey).catch(() => forged({ alg: 'ES256', ...header }, () => 'AAAA'));
      expect(await status(signed)).toBe(401);
    }
    expect(issuer.requests - asked).toBeLessThanOrEqual(1);
  });

  it.each(['iss', 'aud', 'sub', 'exp'])('refuses tokens without the claim %s', async (claim) => {
    const token = await issuer.token();
    const [, payload = ''] = token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as JWTPayload;
    expect(await status(await issuer.sign(claims))).toBe(200);
    const { status: refused, body } = await api.call('/api/v1/orders', {
      token: await issuer.sign({ ...claims, [claim]: undefined }),
    });
    // Whoever sets up the issuer can see what it lacks.
    expect([refused, body]).toMatchObject([
      401,
      { detail: expect.stringContaining(`its claim ${claim} is`) as string },
    ]);
  });

  it.each<[string, string | undefined, object, number]>([
    ['an access token by RFC 9068', 'at+jwt', {}, 200],
    ['… with the whole media type', 'Application/AT+JWT', {}, 200],
    ['an access token of Keycloak', 'JWT', { typ: 'Bearer' }, 200],
    ['an access token of Keycloak before version 24', 'JWT', { typ: 'Bearer', nonce: 'n' }, 200],
    ['an access token of Auth0 or Microsoft Entra', 'JWT', { azp: 'mes-web' }, 200],
    ['an access token of Okta', undefined, { cid: 'mes-web', scp: ['openid'] }, 200],
    ['an access token of Amazon Cognito', undefined, { token_use: 'access' }, 200],
    ['an ID token of Keycloak', 'JWT', { typ: 'ID', azp: 'mes-web' }, 401],
    ['a refresh token of Keycloak', 'JWT', { typ: 'Refresh' }, 401],
    ['a token of Keycloak that needs a proof (DPoP)', 'JWT', { typ: 'DPoP' }, 401],
    ['an ID token of Amazon Cognito', undefined, { token_use: 'id' }, 401],
    ['an ID token with a nonce', 'JWT', { nonce: 'n' }, 401],
    ['an ID token for an access token', 'JWT', { at_hash: 'h' }, 401],
    ['an ID token for a code', undefined, { c_hash: 'h' }, 401],
    ['a logout token', 'logout+jwt', {}, 401],
    ['an ID token with a type', 'id_token+jwt', {}, 401],
    ['an event', 'secevent+jwt', {}, 401],
    ['a token of no type', '', {}, 401],
  ])('decides by the kind of a token: %s', async (_, typ, claims, expected) => {
    const token = await issuer.sign({ ...goodClaims(), ...claims }, 'first', typ === undefined ? {} : { typ });
    expect(await status(token)).toBe(expected);
  });

  it('accepts tokens from nbf to exp, with a small tolerance', async () => {
    expect(await statusWith({ expiresIn: -LEEWAY - 5 })).toBe(401);
    expect(await statusWith({ expiresIn: -1 })).toBe(200);
    expect(await statusWith({ notBeforeIn: LEEWAY + 30 })).toBe(401);
    expect(await statusWith({ notBeforeIn: 2 })).toBe(200);
  });

  it('reports that the issuer’s keys are unavailable instead of refusing the token', async () => {
    const AUTH_JWKS_URL = `http://127.0.0.1:${await freePort()}/keys`;
    const other = await OrdersApi.start({
      databaseUrl: database.url,
      environment: { ...issuer.environment, AUTH_JWKS_URL },
    });
    const answer = await other.call('/api/v1/orders', { token: await issuer.token() });
    await other.stop();
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({ code: 'ISSUER_UNAVAILABLE' });
    expect(answer.headers.get('retry-after')).toBe('5');
    expect(answer.headers.get('www-authenticate')).toBeNull();
  });

  it('works without the issuer once it has the keys', async () => {
    expect(await statusWith({})).toBe(200);
    await issuer.leave();
    expect(await statusWith({ subject: 'olga' })).toBe(200);
    expect(await statusWith({ subject: 'olga', expiresIn: -60 })).toBe(401);
    expect((await api.call('/health/ready')).status).toBe(200);
  });

  it('tells of an issuer without keys to fetch while the known ones are still good, and that it is back', async () => {
    const problems = async (): Promise<(number | undefined)[]> => {
      const scrape = await Scrape.of(api);
      return ['keys', 'metadata'].map((problem) => scrape.value('mes_issuer_problem', { problem }));
    };
    expect(await problems()).toEqual([0, 0]);
    await issuer.leave();
    // Known keys are fetched again after minutes, but for an unknown one after seconds.
    await eventually(async () => (await statusWith({ keyId: 'unknown' })) === 503);
    expect(await problems()).toEqual([1, 0]);
    expect(await statusWith({})).toBe(200);
    await issuer.returns();
    await eventually(async () => (await problems())[0] === 0);
  });
});

/** What the issuers send, without names and times. */
const KEYCLOAK = { typ: 'Bearer', azp: 'mes-web', scope: 'openid profile', realm_access: { roles: ['mes-floor'] } };
const AUTH0 = { azp: 'mes-web', scope: 'openid profile', 'https://example.com/roles': ['MES Operators', 'Others'] };
const ENTRA = {
  ver: '2.0',
  azp: 'mes-web',
  scp: 'Orders.ReadWrite',
  oid: '4b2c',
  tid: '9f1e',
  roles: ['Mes.Operator'],
};

describe('the roles of an issuer', () => {
  let database: TestDatabase;
  let issuer: TokenIssuer;

  beforeAll(async () => {
    [database, issuer] = await Promise.all([createTestDatabase(), TokenIssuer.start()]);
  });

  afterAll(() => Promise.all([issuer.stop(), database.drop()]));

  function start(environment: Readonly<Record<string, string>>): Promise<OrdersApi> {
    return OrdersApi.start({ databaseUrl: database.url, environment: { ...issuer.environment, ...environment } });
  }

  it.each<[string, Readonly<Record<string, string>>, object]>([
    ['Keycloak', { AUTH_ROLES_CLAIM: 'realm_access.roles', AUTH_ROLE_MAP: 'mes-floor=operator' }, KEYCLOAK],
    ['one that sends a single role as a text', { AUTH_ROLES_CLAIM: 'role' }, { role: 'operator' }],
    [
      'Auth0',
      { AUTH_ROLES_CLAIM: 'https://example.com/roles', AUTH_ROLE_MAP: 'MES Operators=operator , mes-admin=admin' },
      AUTH0,
    ],
    ['Microsoft Entra', { AUTH_ROLE_MAP: 'Mes.Operator=operator' }, ENTRA],
  ])('are read as %s sends them, and no other name is a role', async (_, environment, claims) => {
    const api = await start(environment);
    const { iss, aud, exp, sub } = { ...decodeJwt(await issuer.token()) };
    const ours = { iss, aud, exp, sub };
    for (const typ of ['JWT', 'at+jwt']) {
      const token = await issuer.sign({ ...ours, ...claims }, 'first', { typ });
      const { status, body } = await api.call('/api/v1/me', { token });
      expect({ status, body }).toEqual({ status: 200, body: { subject: 'anna', roles: ['operator'] } });
      expect((await api.call('/api/v1/orders', { token })).status).toBe(200);
      expect((await api.call('/api/v1/cache/stats', { token })).status).toBe(403);
    }
    // Somebody else's admin, in whatever claim.
    for (const names of [['admin'], ['operator', 'viewer'], 'operator', { operator: true }, [['operator']], 7]) {
      const token = await issuer.sign({ ...ours, roles: names, realm_access: { roles: names }, [CLAIM]: names });
      expect({ names, status: (await api.call('/api/v1/me', { token })).status }).toEqual({ names, status: 403 });
    }
    await api.stop();
  });
});

const CLAIM = 'https://example.com/roles';

const PATH = '/realms/mes/.well-known/openid-configuration';

describe('at the start, the issuer', () => {
  let database: TestDatabase;
  let issuer: TokenIssuer;
  const processes: ApiProcess[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
  });

  afterAll(() => database.drop());

  beforeEach(async () => {
    issuer = await TokenIssuer.start();
  });

  afterEach(async () => {
    await Promise.all(processes.splice(0).map((api) => api.destroy()));
    await issuer.stop();
  });

  function start(environment: Readonly<Record<string, string>> = {}): ApiProcess {
    const api = new ApiProcess({ DATABASE_URL: database.url, ...issuer.environment, ...environment });
    processes.push(api);
    return api;
  }

  it.each<[string, (right: string) => string, string]>([
    ['calls itself something else', (right) => `${right}/`, 'calls itself "http://'],
    [
      'is none',
      (right) => right.replace('/realms/mes', '/realms/other'),
      '/.well-known/openid-configuration answers 404',
    ],
  ])('stops it if it %s, in one sentence', async (_, wrong, message) => {
    const api = start({ AUTH_ISSUER: wrong(issuer.issuer) });
    expect(await api.ended()).toBe(1);
    const [line = '', ...others] = api.output
      .trim()
      .split('\n')
      .filter((text) => text.includes('cannot start'));
    expect(line).toContain(`MES Orders API cannot start: AUTH_ISSUER: `);
    expect(line).toContain(message);
    expect(others).toEqual([]);
    expect(api.output).not.toMatch(/^ +at /m);
  });

  it.each([400, 410])('stops it if it is none, and says so with %s', async (status) => {
    issuer.answersMetadata = (response) => response.writeHead(status).end('{}');
    const api = start();
    expect(await api.ended()).toBe(1);
    expect(api.output).toMatch(new RegExp(`cannot start: AUTH_ISSUER: there is no issuer at .* answers ${status}\n`));
  });

  it.each<[string, string, ((response: ServerResponse) => void) | undefined]>([
    ['is away', 'ECONNREFUSED', undefined],
    ['hangs', 'no answer in 2000 ms', () => undefined],
    ['is being started', 'it answers 503', (response) => response.writeHead(503).end('{}')],
    ['has too much to do', 'it answers 429', (response) => response.writeHead(429).end('{"error":"slow_down"}')],
    ['is closed for now', 'it answers 403', (response) => response.writeHead(403).end('{"error":"forbidden"}')],
    ['has a page in front', 'it answers 404 without JSON', (response) => response.writeHead(404).end('<html>')],
    ['is a page', 'it answers 200 without JSON', (response) => response.end('<html>')],
    ['redirects to itself', 'redirect count exceeded', (response) => response.writeHead(302, { location: PATH }).end()],
  ])('stops nothing if it %s: the log says so once, and when it answers again', async (_, reason, answer) => {
    issuer.answersMetadata = answer;
    if (!answer) await issuer.leave();
    const api = start();
    const url = await api.ready();
    const warnings = (): string[] => api.output.split('\n').filter((line) => line.includes('does not answer'));
    // The browser asks the issuer itself, and may reach it where the API does not.
    const effect = 'The API goes on; meanwhile, the page cannot sign in at endpoints on hosts other than the issuer’s.';
    expect(warnings()).toEqual([expect.stringContaining(`(${reason}). ${effect}`)]);
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);

    issuer.answersMetadata = undefined;
    await issuer.returns();
    await eventually(() => api.output.includes(`AUTH_ISSUER: ${issuer.issuer} answers`));
    const response = await fetch(`${url}/api/v1/me`, { headers: { authorization: `Bearer ${await issuer.token()}` } });
    expect(response.status).toBe(200);
    expect(warnings()).toHaveLength(1);
  });

  it('is asked again whatever it answered after the start, and reported until it answers as it should', async () => {
    await issuer.leave();
    const api = start();
    const url = await api.ready();
    const health = async (): Promise<unknown> => (await fetch(`${url}/health/ready`)).json();
    const degraded = (reason: string): object => ({
      status: 'degraded',
      details: { issuer: { status: 'degraded', message: expect.stringContaining(reason) as string } },
    });
    expect(await health()).toMatchObject(degraded('cannot be used: ECONNREFUSED'));
    // So does Keycloak until it has imported its realms.
    issuer.answersMetadata = (response) => response.writeHead(404).end('{"error":"Realm does not exist"}');
    await issuer.returns();
    await eventually(() => api.output.includes(`there is no issuer at ${issuer.issuer}`));
    await eventually(() => api.output.includes('can be used'));
    expect(await health()).toMatchObject(degraded('the metadata at AUTH_ISSUER cannot be read: '));
    const metrics = Scrape.from(await (await fetch(`${url}/metrics`)).text());
    expect(metrics.value('mes_issuer_problem', { problem: 'metadata' })).toBe(1);
    expect(metrics.value('mes_issuer_problem')).toBe(1);
    issuer.answersMetadata = undefined;
    await eventually(() => api.output.includes(`AUTH_ISSUER: ${issuer.issuer} answers`));
    expect(await health()).toMatchObject({ status: 'ok', details: { issuer: { status: 'up' } } });
  });

  it.each<[string, RequestListener | undefined, string]>([
    ['are not at that address', (_, response) => void response.writeHead(404).end(), 'it answers 404'],
    ['are a page', (_, response) => void response.end('<html>'), 'Failed to parse'],
    ['are none', (_, response) => void response.end('{"keys":[]}'), 'none of them can verify a token'],
    [
      'are for other purposes',
      (_, response) => void response.end(JSON.stringify({ keys: UNUSABLE_KEYS })),
      'none of them can verify a token',
    ],
    ['are away', undefined, 'ECONNREFUSED'],
  ])(
    'says once why its keys %s, and that they can be used again, without a secret in their address, and stays ready',
    async (_, wrong, cause) => {
      issuer.misbehaviour = wrong;
      const lost = `http://127.0.0.1:${await freePort()}/keys`;
      const given = wrong ? issuer.jwksUrl.replace('/keys', '/certs') : lost;
      const api = start({ AUTH_JWKS_URL: `${given}?code=secret-word` });
      const url = await api.ready();
      const lines = (text: string): string[] => api.output.split('\n').filter((line) => line.includes(text));
      const authorization = `Bearer ${await issuer.token()}`;
      for (let i = 0; i < 5; i += 1) {
        expect((await fetch(`${url}/api/v1/me`, { headers: { authorization } })).status).toBe(503);
      }
      const [line = '', ...others] = lines('cannot be used');
      expect(others).toEqual([]);
      expect(line).toContain(`AUTH_JWKS_URL: the keys at ${given} cannot be used (${cause}`);
      expect(line).toContain(`the issuer names ${issuer.jwksUrl} for its keys. Every token is refused with 503.`);
      const ready = await fetch(`${url}/health/ready`);
      expect(ready.status).toBe(200);
      const message = expect.stringContaining(`the keys at AUTH_JWKS_URL cannot be used: ${cause}`) as string;
      expect(await ready.json()).toMatchObject({
        status: 'degraded',
        details: { issuer: { status: 'degraded', message } },
      });
      if (!wrong) return;

      issuer.misbehaviour = undefined;
      await eventually(() => lines(`AUTH_JWKS_URL: the keys at ${given} can be used`).length === 1);
      expect((await fetch(`${url}/api/v1/me`, { headers: { authorization } })).status).toBe(200);
      expect(await (await fetch(`${url}/health/ready`)).json()).toMatchObject({
        status: 'ok',
        details: { issuer: { status: 'up' } },
      });
      expect(api.output).not.toContain('secret-word');
    },
  );
});
