import { execFile } from 'node:child_process';
import { chmod, mkdir, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';

const run = promisify(execFile);
const USER_NAME = 'postgres';

/**
 * The folder for files that the server user has to reach although the project lies in a folder closed to that user, such as
 * root's home or a `mktemp -d`. Both have mode 0700, and we do not change the modes of folders that are not ours.
 */
export const STAGE = '/var/lib/mes-orders-api';

/**
 * The environment of PostgreSQL's programs. It has nothing of ours: the API's environment holds secrets, and PGPORT, LANG and
 * the like would change what the programs do.
 */
export const SERVER_ENVIRONMENT: Readonly<Record<string, string>> = {
  LC_ALL: 'C',
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
};

/** The system user that PostgreSQL's processes run as. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** The end of a program. */
export interface ProgramResult {
  readonly succeeded: boolean;
  /** Standard output and standard error, or the reason why the program did not start. */
  readonly output: string;
}

/**
 * Runs a program to its end. A program that fails or is missing is a result, not an exception.
 *
 * @param user the user to run as, which only root may choose; undefined: the user of this process
 */
export async function runProgram(file: string, args: readonly string[], user?: ServerUser): Promise<ProgramResult> {
  try {
    // The server user may be shut out of our working directory, and PostgreSQL's programs begin by looking at theirs.
    const { stdout, stderr } = await run(file, args, { ...user, cwd: '/', env: SERVER_ENVIRONMENT });
    return { succeeded: true, output: stdout + stderr };
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    return { succeeded: false, output: stdout + stderr || message };
  }
}

/**
 * The user to run PostgreSQL as. It is undefined, which means the user of this process, unless that is root: PostgreSQL refuses
 * to run as root.
 *
 * @param dataDirectory an existing data directory: PostgreSQL accepts no user but its owner
 * @throws EmbeddedPostgresError NO_SERVER_USER
 */
export async function findServerUser(dataDirectory: string | undefined): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = dataDirectory === undefined ? undefined : await stat(dataDirectory);
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const known = await lookUp();
  if (known !== undefined) return known;

  const options = ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent'];
  const { output } = await runProgram('useradd', [...options, USER_NAME]);
  // A failure does not matter if another process has created the user a moment before.
  const created = await lookUp();
  if (created !== undefined) return created;
  throw new EmbeddedPostgresError(
    'NO_SERVER_USER',
    `PostgreSQL does not run as root, and the system user "${USER_NAME}" could not be created (${output.trim()}). ` +
      'Start as an ordinary user, or set DATABASE_URL to a PostgreSQL server of your own.',
  );
}

/** Creates the {@link STAGE}, open to everybody for reading. */
export async function openStage(): Promise<void> {
  await mkdir(STAGE, { recursive: true });
  // mkdir alone would obey root's umask.
  await chmod(STAGE, 0o755);
}

async function lookUp(): Promise<ServerUser | undefined> {
  const [uid, gid] = await Promise.all([runProgram('id', ['-u', USER_NAME]), runProgram('id', ['-g', USER_NAME])]);
  if (!uid.succeeded || !gid.succeeded) return undefined;
  return { uid: Number(uid.output), gid: Number(gid.output) };
}
