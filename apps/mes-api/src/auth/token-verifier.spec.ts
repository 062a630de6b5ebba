import { generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import type { LRUCache } from 'lru-cache';
import { OWN_NAMES } from '../config/roles.js';
import { TokenVerifier } from './token-verifier.js';

const NOW = Date.UTC(2031, 0, 1);
const MINUTE = 60_000;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** The order of the curve P-256. */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Another Base64 spelling of the same bytes. */
function respelt(text: string): string[] {
  const last = ALPHABET.indexOf(text.at(-1) ?? '');
  return Array.from({ length: 16 }, (_, i) => text.slice(0, -1) + ALPHABET.charAt((last & ~15) | i));
}

/** The other valid signature of the same content. */
function negated(signature: Buffer): Buffer {
  const s = BigInt(`0x${signature.subarray(32).toString('hex')}`);
  const negative = (ORDER - s).toString(16).padStart(64, '0');
  return Buffer.concat([signature.subarray(0, 32), Buffer.from(negative, 'hex')]);
}

function rememberedIn(verifier: TokenVerifier): LRUCache<string, object> {
  return (verifier as unknown as { remembered: LRUCache<string, object> }).remembered;
}

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
      rolesClaim: 'roles',
      roleMap: OWN_NAMES,
      key: () => {
        keysAsked += 1;
        return pair.publicKey;
      },
      now: () => now,
    });
  });

  async function header(lifetime: number, subject = 'olga', picture?: string): Promise<string> {
    const token = await new SignJWT({ roles: ['operator', 'astronaut'], picture })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer('https://issuer.example')
      .setAudience('orders')
      .setSubject(subject)
      .setExpirationTime(new Date(NOW + lifetime))
      .sign(privateKey);
    return `Bearer ${token}`;
  }

  it('recalls the caller of a verified token, and of no other', async () => {
    const authorization = await header(5 * MINUTE);
    expect(verifier.recall(authorization)).toBeUndefined();
    const caller = { subject: 'olga', roles: ['operator'], expiresAt: NOW + 5 * MINUTE + 5_000 };
    expect(await verifier.verify(authorization)).toEqual(caller);
    expect(verifier.recall(authorization)).toEqual(caller);
    expect(await verifier.verify(authorization)).toEqual(caller);
    expect(keysAsked).toBe(1);
  });

  it('forgets a token when it expires, with the tolerance for clocks', async () => {
    const authorization = await header(MINUTE);
    await verifier.verify(authorization);
    now = NOW + MINUTE + 4_999;
    expect(verifier.recall(authorization)).toBeDefined();
    now = NOW + MINUTE + 5_000;
    expect(verifier.recall(authorization)).toBeUndefined();
    await expect(verifier.verify(authorization)).rejects.toMatchObject({ status: 401 });
  });

  it('verifies a token again after a while, so that a withdrawn key is noticed', async () => {
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
    'refuses a token with another algorithm, even with a valid key: %s',
    async (alg) => {
      const secret = new Uint8Array(32).fill(7);
      const keys = alg === 'HS256' ? { privateKey: secret, publicKey: secret } : await generateKeyPair(alg);
      const lenient = new TokenVerifier({
        issuer: 'https://issuer.example',
        audience: 'orders',
        algorithms: ['ES256'],
        rolesClaim: 'roles',
        roleMap: OWN_NAMES,
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

  it('remembers a token once, for all spellings of the header and the signature', async () => {
    const token = (await header(5 * MINUTE)).slice('Bearer '.length);
    const signature = Buffer.from(token.split('.')[2] ?? '', 'base64url');
    const signed = token.slice(0, token.lastIndexOf('.'));
    for (const spelling of [`Bearer ${token}`, `bearer ${token}`, `BEARER     ${token}`, `Bearer ${token}   `]) {
      expect(await verifier.verify(spelling)).toMatchObject({ subject: 'olga' });
      expect(verifier.recall(spelling)).toMatchObject({ subject: 'olga' });
    }
    expect(keysAsked).toBe(1);
    // Four bits of the last character are not a part of the signature, and ECDSA accepts -s for s.
    for (const spelling of [...respelt(signature.toString('base64url')), negated(signature).toString('base64url')]) {
      await verifier.verify(`Bearer ${signed}.${spelling}`).catch(() => undefined);
    }
    expect(keysAsked).toBeGreaterThan(1);
    expect(rememberedIn(verifier).size).toBe(1);
  });

  it('does not recall a token with another signature than the verified one', async () => {
    const authorization = await header(5 * MINUTE);
    await verifier.verify(authorization);
    for (const other of [
      `${authorization}A`,
      authorization.slice(0, -1),
      authorization.replace(/[^.]+$/, ''),
      `${authorization}=`,
    ]) {
      expect(verifier.recall(other)).toBeUndefined();
      await expect(verifier.verify(other)).rejects.toMatchObject({ status: 401 });
    }
    expect(verifier.recall(authorization)).toBeDefined();
  });

  it('limits the memory of the remembered tokens', async () => {
    const subjects = Array.from({ length: 40 }, (_, i) => `${i}`.padStart(255, 'x'));
    for (const subject of subjects) await verifier.verify(await header(5 * MINUTE, subject, 'y'.repeat(600_000)));
    const { size, calculatedSize } = rememberedIn(verifier);
    expect(size).toBeGreaterThan(5);
    expect(size).toBeLessThan(subjects.length);
    expect(calculatedSize).toBeLessThanOrEqual(16 * 1024 * 1024);
  });

  it('never confuses two tokens, and never accepts an invalid one', async () => {
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
