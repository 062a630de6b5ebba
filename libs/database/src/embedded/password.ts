import { randomBytes } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';

/**
 * The password of the database user, in the file `postgres-password`. The first start makes it.
 *
 * @param hasData whether the directory held data before this call: the password always comes before the data
 * @throws EmbeddedPostgresError DATA_UNUSABLE if there are data without a password, or the file cannot be read
 */
export async function readOrCreatePassword(directory: string, hasData: boolean): Promise<string> {
  const file = join(directory, 'postgres-password');
  const existing = await read(file);
  if (existing !== undefined) return existing;
  if (hasData) {
    throw new EmbeddedPostgresError(
      'DATA_UNUSABLE',
      `The database in ${directory} has lost its password: ${file} is missing. Put the file back, or remove the folder.`,
    );
  }
  await publish(file, randomBytes(24).toString('hex'));
  return readFile(file, 'utf8');
}

async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new EmbeddedPostgresError(
      'DATA_UNUSABLE',
      `${file} cannot be read (${String(code)}). If another user has started the database here before, start as that user.`,
      { cause: error },
    );
  }
}

/** Writes the password to the disk in full. If two processes do so at once, the first password stays. */
async function publish(file: string, password: string): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(draft, password, { mode: 0o600, flag: 'wx', flush: true });
    // A rename would replace the password of the other process.
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
}
