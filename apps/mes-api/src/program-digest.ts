import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Where the code is that makes answers, as it runs: sources, or what was built from them. */
const ROOTS = [import.meta.dirname, resolve(import.meta.dirname, '../../../libs/cache/src')];

/** Code, without tests and without types. */
const CODE = /(?<!\.spec|\.contract|\.d)\.[jt]s$/;

/** A digest of the program's own code: two builds that may answer differently have different ones. */
export function programDigest(): string {
  const hash = createHash('sha256');
  for (const root of ROOTS) {
    const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => CODE.test(name));
    for (const name of names.sort()) hash.update(`${name}\n`).update(readFileSync(join(root, name)));
  }
  return hash.digest('base64url').slice(0, 12);
}
