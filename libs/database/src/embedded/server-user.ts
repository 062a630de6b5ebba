import { stat } from 'node:fs/promises';
import { runCommand, type ServerUser } from './command.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';

const USER_NAME = 'postgres';

/** The two dialects of creating a system user: shadow-utils (most distributions) and BusyBox (Alpine). */
const WAYS_TO_CREATE: readonly (readonly [string, readonly string[]])[] = [
  ['useradd', ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent', USER_NAME]],
  ['adduser', ['-S', '-D', '-H', '-h', '/nonexistent', USER_NAME]],
];

/**
 * The user to run PostgreSQL as, or undefined for the user of this process. Only root needs another one, because
 * PostgreSQL refuses to run as root.
 *
 * @param dataDirectory an existing data directory: its owner is the only user PostgreSQL accepts for it
 * @throws EmbeddedPostgresError NO_SERVER_USER
 */
export async function findServerUser(dataDirectory: string | undefined): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = dataDirectory === undefined ? undefined : await stat(dataDirectory);
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const known = await lookUp();
  if (known !== undefined) return known;

  const attempts: string[] = [];
  for (const [command, args] of WAYS_TO_CREATE) {
    attempts.push((await runCommand(command, args)).output.trim());
    // Looked up whatever the outcome: another process may have created the user a moment before.
    const created = await lookUp();
    if (created !== undefined) return created;
  }
  throw new EmbeddedPostgresError(
    'NO_SERVER_USER',
    `PostgreSQL does not run as root, and the system user "${USER_NAME}" could not be created (${attempts.join('; ')}). ` +
      'Start as an ordinary user, or set DATABASE_URL to a PostgreSQL server of your own.',
  );
}

async function lookUp(): Promise<ServerUser | undefined> {
  const [uid, gid] = await Promise.all([runCommand('id', ['-u', USER_NAME]), runCommand('id', ['-g', USER_NAME])]);
  if (uid.exitCode !== 0 || gid.exitCode !== 0) return undefined;
  return { uid: Number(uid.output), gid: Number(gid.output) };
}
