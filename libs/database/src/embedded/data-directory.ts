import { randomBytes } from 'node:crypto';
import {
  access,
  chown,
  lstat,
  mkdir,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import type { Binaries } from './binaries.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { openStage, runProgram, STAGE, type ServerUser } from './server-user.js';

/** The database user that owns every database here. */
export const DATABASE_USER = 'mes';

/** The name of the data in the directory that our user gives: a folder, or a link to a folder on the stage. */
const DATA_NAME = 'postgres';
/** Begins the names of unfinished data, so that a later start recognises the remains of a crash. */
const DRAFT_PREFIX = `${DATA_NAME}-initdb-`;
const STAGED_PREFIX = join(STAGE, 'data-');

/** Parameters of {@link createDataDirectory}. */
export interface Initialisation {
  readonly directory: string;
  readonly password: string;
  readonly binaries: Binaries;
  readonly user: ServerUser | undefined;
  /** False saves the wait for the disk, for data that nobody will miss. */
  readonly durable: boolean;
}

/** Unfinished data. */
interface Draft {
  /** The folder that initdb fills. */
  readonly folder: string;
  /** Its entry in the directory of our user: the folder itself, or a link to it. */
  readonly entry: string;
}

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

/**
 * Makes the data directory as a draft, and publishes it when it is complete: a crash at any moment leaves either no data or all
 * of them. If another process publishes first, its data are used.
 *
 * @returns the real path of the data directory
 * @throws EmbeddedPostgresError INITDB_FAILED
 */
export async function createDataDirectory(plan: Initialisation): Promise<string> {
  const draft = await makeDraft(plan.directory, plan.user);
  const failure = (await fill(draft.folder, plan)) ?? (await publish(draft, join(plan.directory, DATA_NAME)));
  const published = await findDataDirectory(plan.directory);
  if (published !== draft.folder) await removeDraft(draft.entry, published);
  if (published !== undefined) return published;
  throw new EmbeddedPostgresError(
    'INITDB_FAILED',
    `The database could not be created: ${failure ?? 'it has vanished'}`,
  );
}

/**
 * Removes the drafts that killed starts have left. Only the owner of the database may call this: a draft that is still being
 * filled then comes too late anyway.
 */
export async function removeAbandonedDrafts(directory: string, dataDirectory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.startsWith(DRAFT_PREFIX)) await removeDraft(join(directory, name), dataDirectory);
  }
}

async function makeDraft(directory: string, user: ServerUser | undefined): Promise<Draft> {
  const name = randomBytes(6).toString('hex');
  const entry = join(directory, DRAFT_PREFIX + name);
  await mkdir(entry, { mode: 0o700 });
  if (user === undefined || (await handOver(entry, user))) return { folder: entry, entry };

  await rm(entry, { recursive: true });
  await openStage();
  const folder = STAGED_PREFIX + name;
  // The link comes first: nothing would ever find a folder on the stage without a link to it.
  await symlink(folder, entry);
  await mkdir(folder, { mode: 0o700 });
  await chown(folder, user.uid, user.gid);
  return { folder, entry };
}

/** Gives a folder to the server user. Returns whether that user can work in it. */
async function handOver(folder: string, { uid, gid }: ServerUser): Promise<boolean> {
  const owned = await chown(folder, uid, gid).then(
    () => true,
    () => false,
  );
  // A trial run, since access lists, mounts and security modules decide as well as mode bits.
  const trial = await runProgram('/bin/sh', ['-c', 'cd "$1" && test -w .', 'sh', folder], { uid, gid });
  return owned && trial.succeeded;
}

/** Runs initdb. Returns why it failed, or undefined. */
async function fill(
  folder: string,
  { binaries, user, password, durable }: Initialisation,
): Promise<string | undefined> {
  const passwordFile = `${folder}-password`;
  try {
    await writeFile(passwordFile, password, { mode: 0o600, flag: 'wx' });
    if (user !== undefined) await chown(passwordFile, user.uid, user.gid);
    const { succeeded, output } = await runProgram(
      binaries.initdb,
      [
        `--pgdata=${folder}`,
        `--username=${DATABASE_USER}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        // PostgreSQL's own collation: text sorts the same on every operating system and after every upgrade of one.
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--no-instructions',
        ...(durable ? [] : ['--no-sync']),
      ],
      user,
    );
    return succeeded ? undefined : output.trim();
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** Gives the data their name, unless something has that name already. Returns why it failed, or undefined. */
async function publish(draft: Draft, path: string): Promise<string | undefined> {
  const staged = draft.folder !== draft.entry;
  try {
    await (staged ? symlink(draft.folder, path) : rename(draft.entry, path));
  } catch (error) {
    return (error as Error).message;
  }
  if (staged) await rm(draft.entry);
  return undefined;
}

async function removeDraft(entry: string, dataDirectory: string | undefined): Promise<void> {
  // Another process may still add files to its draft: a later start removes what stays.
  const remove = (path: string): Promise<void> => rm(path, { recursive: true, force: true }).catch(() => undefined);
  const target = await readlink(entry).catch(() => undefined);
  const folder = target ?? entry;
  // A crash right after publish() has set a link to the stage leaves the draft's link, which leads to the living data.
  if (folder !== dataDirectory && (target === undefined || target.startsWith(STAGED_PREFIX))) {
    await remove(folder);
    await remove(`${folder}-password`);
  }
  await remove(entry);
}

function unusable(path: string, reason: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'DATA_UNUSABLE',
    `${path} ${reason}. Put it right, remove it to begin with an empty database, ` +
      'or set DATABASE_URL to a PostgreSQL server of your own.',
  );
}
