import { createHmac } from 'node:crypto';
import { exportJWK, exportSPKI, generateKeyPair, importJWK, SignJWT, type CryptoKey, type JWTPayload } from 'jose';
import { OrdersApi } from '../support/orders-api.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { TokenIssuer, type TokenClaims } from '../support/token-issuer.js';

/** The tolerated difference between the clocks of the API and the issuer, in seconds. */
const LEEWAY = 5;

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
    expect(await status(await issuer.sign({ ...claims, [claim]: undefined }))).toBe(401);
  });

  it('accepts tokens from nbf to exp, with a small tolerance', async () => {
    expect(await statusWith({ expiresIn: -LEEWAY - 5 })).toBe(401);
    expect(await statusWith({ expiresIn: -1 })).toBe(200);
    expect(await statusWith({ notBeforeIn: LEEWAY + 30 })).toBe(401);
    expect(await statusWith({ notBeforeIn: 2 })).toBe(200);
  });

  it('reports that the issuer’s keys are unavailable instead of refusing the token', async () => {
    await issuer.leave();
    const answer = await api.call('/api/v1/orders', { token: await issuer.token() });
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
});
