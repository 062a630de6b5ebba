import { generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { TokenVerifier } from './token-verifier.js';

const NOW = Date.UTC(2031, 0, 1);
const MINUTE = 60_000;

describe('TokenVerifier', () => {
  let now: number;
  let verifier: TokenVerifier;
  let keysAsked: number;
  let privateKey: CryptoKey;

  beforeEach(async () => {
    now = NOW;
    keysAsked = 0;
    const pair = await generateKeyPair('ES256');
    privateKey = pair.privateKey;
    verifier = new TokenVerifier({
      issuer: 'https://issuer.example',
      audience: 'orders',
      algorithms: ['ES256'],
      key: () => {
        keysAsked += 1;
        return pair.publicKey;
      },
      now: () => now,
    });
  });

  async function header(lifetime: number, subject = 'olga'): Promise<string> {
    const token = await new SignJWT({ roles: ['operator', 'astronaut'] })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer('https://issuer.example')
      .setAudience('orders')
      .setSubject(subject)
      .setExpirationTime(new Date(NOW + lifetime))
      .sign(privateKey);
    return `Bearer ${token}`;
  }

  it('remembers who sends a token that it has verified, and only then', async () => {
    const authorization = await header(5 * MINUTE);
    expect(verifier.recall(authorization)).toBeUndefined();
    const caller = { subject: 'olga', roles: ['operator'], expiresAt: NOW + 5 * MINUTE + 5_000 };
    expect(await verifier.verify(authorization)).toEqual(caller);
    expect(verifier.recall(authorization)).toEqual(caller);
    expect(await verifier.verify(authorization)).toEqual(caller);
    expect(keysAsked).toBe(1);
  });

  it('forgets a token when it expires, give or take the tolerance for clocks', async () => {
    const authorization = await header(MINUTE);
    await verifier.verify(authorization);
    now = NOW + MINUTE + 4_999;
    expect(verifier.recall(authorization)).toBeDefined();
    now = NOW + MINUTE + 5_000;
    expect(verifier.recall(authorization)).toBeUndefined();
    await expect(verifier.verify(authorization)).rejects.toMatchObject({ status: 401 });
  });

  it('verifies a token anew from time to time, so that a key which was withdrawn is missed', async () => {
    const authorization = await header(60 * MINUTE);
    await verifier.verify(authorization);
    now = NOW + 5 * MINUTE - 1;
    expect(verifier.recall(authorization)).toBeDefined();
    now += 1;
    expect(verifier.recall(authorization)).toBeUndefined();
    await verifier.verify(authorization);
    expect(keysAsked).toBe(2);
  });

  it.each(['HS256', 'ES384', 'EdDSA'])(
    'takes no token with another algorithm, even if there is a key for it: %s',
    async (alg) => {
      const secret = new Uint8Array(32).fill(7);
      const keys = alg === 'HS256' ? { privateKey: secret, publicKey: secret } : await generateKeyPair(alg);
      const lenient = new TokenVerifier({
        issuer: 'https://issuer.example',
        audience: 'orders',
        algorithms: ['ES256'],
        key: () => keys.publicKey,
        now: () => now,
      });
      const token = await new SignJWT({ roles: ['operator'] })
        .setProtectedHeader({ alg })
        .setIssuer('https://issuer.example')
        .setAudience('orders')
        .setSubject('olga')
        .setExpirationTime(new Date(NOW + MINUTE))
        .sign(keys.privateKey);
      await expect(lenient.verify(`Bearer ${token}`)).rejects.toMatchObject({ status: 401 });
    },
  );

  it('never takes one token for another, nor a bad one for a good one', async () => {
    const authorization = await header(5 * MINUTE);
    await verifier.verify(authorization);
    const other = await header(5 * MINUTE, 'otto');
    expect(verifier.recall(other)).toBeUndefined();
    expect(await verifier.verify(other)).toMatchObject({ subject: 'otto' });
    for (const bad of [
      undefined,
      '',
      'Bearer',
      authorization.slice(0, -2),
      `${authorization}x`,
      authorization.slice(7),
    ]) {
      expect(verifier.recall(bad)).toBeUndefined();
      await expect(verifier.verify(bad)).rejects.toMatchObject({ status: 401 });
      expect(verifier.recall(bad)).toBeUndefined();
    }
  });
});
