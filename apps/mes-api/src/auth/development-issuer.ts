import { randomUUID } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, importJWK, jwtVerify, SignJWT, type CryptoKey, type JWK } from 'jose';
import { inDataDirectory } from '../config/data-directory.js';
import { EnvironmentError } from '../config/environment-error.js';
import type { Role } from './caller.js';

const ISSUER = 'urn:mes-orders:development';
const AUDIENCE = 'mes-orders-api';
const ALGORITHM = 'ES256';
const KEY_FILE = 'development-signing-key.json';

/** The subjects of the tokens that are printed at the start, and of those that are issued without a subject. */
export const DEVELOPMENT_SUBJECTS: Readonly<Record<Role, string>> = {
  operator: 'operator-1',
  partner: 'partner-1',
  viewer: 'viewer-1',
  admin: 'admin-1',
};

/**
 * Issues tokens for development. Its key is created at the first start and kept in the data directory, so that tokens stay
 * valid after a restart and instances can share the key.
 */
export class DevelopmentIssuer {
  readonly issuer = ISSUER;
  readonly audience = AUDIENCE;
  readonly algorithms = [ALGORITHM];

  private constructor(
    private readonly privateKey: CryptoKey,
    readonly publicKey: CryptoKey,
  ) {}

  static async open(dataDirectory: string): Promise<DevelopmentIssuer> {
    const path = join(dataDirectory, KEY_FILE);
    const text = await inDataDirectory(dataDirectory, () => readOrMakeKey(dataDirectory, path));
    try {
      const jwk = JSON.parse(text) as Required<Pick<JWK, 'kty' | 'crv' | 'x' | 'y'>>;
      const { kty, crv, x, y } = jwk;
      const [privateKey, publicKey] = await Promise.all([
        importJWK(jwk, ALGORITHM) as Promise<CryptoKey>,
        importJWK({ kty, crv, x, y }, ALGORITHM) as Promise<CryptoKey>,
      ]);
      const issuer = new DevelopmentIssuer(privateKey, publicKey);
      // That a key is of another kind, or not private, shows when it is used.
      await jwtVerify(await issuer.issue('trial', []), publicKey);
      return issuer;
    } catch (cause) {
      throw new EnvironmentError(`DATA_DIR: ${path} is no key for tokens: remove it, and a new one is made`, { cause });
    }
  }

  /** @param lifetime in the notation of jose, e.g. `12h` */
  issue(subject: string, roles: readonly Role[], lifetime = '12h'): Promise<string> {
    return new SignJWT({ roles })
      .setProtectedHeader({ alg: ALGORITHM })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setSubject(subject)
      .setIssuedAt()
      .setExpirationTime(lifetime)
      .sign(this.privateKey);
  }
}

/** Whether a text is a lifetime for {@link DevelopmentIssuer.issue}. */
export function isLifetime(text: string): boolean {
  return /^[1-9]\d{0,5}[smhdwy]$/.test(text);
}

/** The key as JSON. */
async function readOrMakeKey(directory: string, path: string): Promise<string> {
  const existing = await read(path);
  if (existing !== undefined) return existing;

  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const draft = join(directory, `${KEY_FILE}.${randomUUID()}`);
  try {
    await writeFile(draft, JSON.stringify(await exportJWK(privateKey)), { mode: 0o600 });
    // link() is atomic: of instances that start together, one creates the file and the others read it.
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return readFile(path, 'utf8');
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
