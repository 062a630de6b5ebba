import { access, lstat, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';

/** The data in the directory given by the user: a folder, or a link to one on the stage. */
export const DATA_NAME = 'postgres';

/**
 * The real path of the data directory, or undefined where there is none yet.
 *
 * @throws EmbeddedPostgresError DATA_UNUSABLE if there is something, but no PostgreSQL data
 */
export async function findDataDirectory(directory: string): Promise<string | undefined> {
  const path = join(directory, DATA_NAME);
  const entry = await lstat(path).catch(() => undefined);
  if (entry === undefined) return undefined;
  const dataDirectory = await realpath(path).catch(() => undefined);
  // An empty database in the place of one that is lost would hide the loss.
  if (dataDirectory === undefined) throw unusable(path, 'is a link to a folder that is missing');

  const problem = await access(join(dataDirectory, 'PG_VERSION')).then(
    () => undefined,
    (error: unknown) => (error as NodeJS.ErrnoException).code,
  );
  if (problem === 'ENOENT') throw unusable(path, 'holds something other than a PostgreSQL database');
  if (problem !== undefined) throw unusable(path, `cannot be read by this user (${problem})`);
  return dataDirectory;
}

function unusable(path: string, reason: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'DATA_UNUSABLE',
    `${path} ${reason}. Put it right, remove it to begin with an empty database, ` +
      'or set DATABASE_URL to a PostgreSQL server of your own.',
  );
}
