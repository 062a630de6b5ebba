import { usableBinaries, type Binaries } from './binaries.js';
import { findDataDirectory } from './data-directory.js';
import { initialise } from './initialise.js';
import { readOrCreatePassword } from './password.js';
import type { ServerUser } from './command.js';
import { findServerUser } from './server-user.js';

/** Everything a server needs to start: the data, and the programs and the user that can work on them. */
export interface Cluster {
  /** Real path of the directory given by the user. */
  readonly directory: string;
  /** Real path of the data. */
  readonly dataDirectory: string;
  readonly password: string;
  readonly binaries: Binaries;
  /** Undefined for the user of this process. */
  readonly user: ServerUser | undefined;
}

/**
 * Finds the data, or makes them at the first start.
 *
 * @param durable false saves the wait for the disk, for data nobody will miss
 * @throws EmbeddedPostgresError of every code but IN_USE, ORPHAN_NOT_STOPPED and START_FAILED
 */
export async function prepareCluster(
  directory: string,
  durable: boolean,
  log: (line: string) => void,
): Promise<Cluster> {
  const existing = await findDataDirectory(directory);
  const user = await findServerUser(existing);
  const binaries = await usableBinaries(user);
  const password = await readOrCreatePassword(directory);
  if (existing !== undefined) return { directory, dataDirectory: existing, password, binaries, user };

  log(`Creating the database in ${directory}`);
  const dataDirectory = await initialise({ directory, password, binaries, user, durable });
  return { directory, dataDirectory, password, binaries, user };
}
