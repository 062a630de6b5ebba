import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';

const CODE = /\.[cm]?[jt]s$/;
const NOT_OF_THE_PROGRAM = /\.(spec|contract)\.[jt]s$|\.d\.[cm]?ts$/;

/** Bytes of the digest: enough to tell builds apart, and short, since it stands in every key of an entry. */
const DIGEST_BYTES = 9;

/**
 * Digest of the code that makes responses: this library's and the application's. Builds that may answer differently have
 * different digests, without anybody raising a number.
 *
 * @publicApi
 *
 * @param directories of the application's code; type declarations and tests in them do not count
 */
export async function responseShape(...directories: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const directory of [resolve(import.meta.dirname, '..'), ...directories]) {
    for (const [path, content] of await codeIn(directory)) hash.update(`${path}\n${content.length}\n`).update(content);
  }
  return hash.digest().subarray(0, DIGEST_BYTES).toString('base64url');
}

/** The files of a program by their paths below its directory, in the order of the paths. */
async function codeIn(directory: string): Promise<(readonly [path: string, content: Buffer])[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = found
    .filter((file) => file.isFile() && CODE.test(file.name) && !NOT_OF_THE_PROGRAM.test(file.name))
    .map((file) => relative(directory, join(file.parentPath, file.name)))
    .sort();
  return Promise.all(paths.map(async (path) => [path, await readFile(join(directory, path))] as const));
}
