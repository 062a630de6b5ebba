import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type GenerateKeyPairResult } from 'jose';
import { OrdersApi } from '../support/orders-api.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const ISSUER = 'https://login.example.com/realms/mes';
const AUDIENCE = 'mes';

describe('with an issuer of tokens', () => {
  let database: TestDatabase;
  let issuer: Server;
  let keys: GenerateKeyPairResult;
  let api: OrdersApi;

  beforeEach(async () => {
    database = await createTestDatabase();
    keys = await generateKeyPair('RS256');
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'first', alg: 'RS256', use: 'sig' };
    issuer = createServer((_, response) => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
    }).listen(0, '127.0.0.1');
    await once(issuer, 'listening');
    api = await OrdersApi.start({
      databaseUrl: database.url,
      environment: {
        NODE_ENV: 'production',
        AUTH_ISSUER: ISSUER,
        AUTH_AUDIENCE: AUDIENCE,
        AUTH_JWKS_URL: `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/keys`,
        CORS_ORIGINS: 'https://mes.example.com',
      },
    });
  });

  afterEach(async () => {
    await api.stop();
    issuer.close();
    await database.drop();
  });

  function token({ iss = ISSUER, aud = AUDIENCE, kid = 'first', key = keys.privateKey } = {}): Promise<string> {
    return new SignJWT({ roles: ['operator', 'something-else'] })
      .setProtectedHeader({ alg: 'RS256', kid })
      .setIssuer(iss)
      .setAudience(aud)
      .setSubject('anna')
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(key);
  }

  async function status(bearer: string): Promise<number> {
    return (await api.call('/api/v1/orders', { token: bearer })).status;
  }

  it('takes its tokens and no others', async () => {
    expect(await status(await token())).toBe(200);
    expect(await status(await token({ iss: 'https://elsewhere.example.com' }))).toBe(401);
    expect(await status(await token({ aud: 'another-api' }))).toBe(401);
    expect(await status(await token({ kid: 'unknown' }))).toBe(401);
    expect(await status(await token({ key: (await generateKeyPair('RS256')).privateKey }))).toBe(401);
    expect(await status(await api.token('operator'))).toBe(401);
  });

  it('says that the issuer’s keys cannot be had, instead of refusing the token', async () => {
    issuer.closeAllConnections();
    issuer.close();
    const answer = await api.call('/api/v1/orders', { token: await token() });
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({ code: 'ISSUER_UNAVAILABLE' });
    expect(answer.headers.get('retry-after')).toBe('5');
  });

  it('lets browsers call from the configured origins only', async () => {
    const allowed = await api.call('/health/live', { headers: { origin: 'https://mes.example.com' } });
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://mes.example.com');
    const other = await api.call('/health/live', { headers: { origin: 'https://evil.example.com' } });
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
  });
});
