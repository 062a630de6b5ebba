import { randomBytes } from 'node:crypto';
import { link, lstat, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DATA_NAME } from './data-directory.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';

/**
 * The password of the database user: made at the first start, found again by later ones.
 *
 * @throws EmbeddedPostgresError DATA_UNUSABLE if there are data, but not their password, or a password we may not read
 */
export async function readOrCreatePassword(directory: string): Promise<string> {
  const file = join(directory, 'postgres-password');
  const existing = await read(file);
  if (existing !== undefined) return existing;
  if (await isOccupied(join(directory, DATA_NAME))) {
    // Looked for again, because another process may have made both in between.
    const late = await read(file);
    if (late !== undefined) return late;
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

/** Data without a password cannot be opened again: the password is complete and on the disk before there are data. */
async function publish(file: string, password: string): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(password);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // A link, not a rename: of two processes that come here at once, the second must not replace the first one's.
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function isOccupied(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
