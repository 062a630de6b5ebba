import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { EnvironmentError } from '../config/environment-error.js';
import { DevelopmentIssuer } from './development-issuer.js';

async function keyOf(algorithm: string, part: 'privateKey' | 'publicKey' = 'privateKey'): Promise<JWK> {
  return exportJWK((await generateKeyPair(algorithm, { extractable: true }))[part]);
}

describe('DevelopmentIssuer', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mes-issuer-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  it('keeps its key', async () => {
    const first = await DevelopmentIssuer.open(folder);
    const second = await DevelopmentIssuer.open(folder);
    expect(await exportJWK(second.publicKey)).toEqual(await exportJWK(first.publicKey));
  });

  it.each<[string, () => unknown]>([
    ['an empty object', () => ({})],
    ['null', () => null],
    ['a number', () => 7],
    ['a key of another kind', () => keyOf('RS256')],
    ['a key of another curve', () => keyOf('ES384')],
    ['a public key', () => keyOf('ES256', 'publicKey')],
    ['two halves of different keys', async () => ({ ...(await keyOf('ES256')), d: (await keyOf('ES256')).d })],
  ])('refuses %s in one sentence', async (_, make) => {
    const path = join(folder, 'development-signing-key.json');
    await writeFile(path, JSON.stringify(await make()));
    const failure: unknown = await DevelopmentIssuer.open(folder).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EnvironmentError);
    expect((failure as Error).message).toBe(`DATA_DIR: ${path} is no key for tokens: remove it, and a new one is made`);
  });
});
