import { randomBytes } from 'node:crypto';
import { chown, lstat, mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Binaries } from './binaries.js';
import { runCommand, type ServerUser } from './command.js';
import { DATA_NAME, findDataDirectory } from './data-directory.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { openStage, STAGE } from './staging.js';

/** Begins the names of what is under construction, so that a later start can tell what a crash has left behind. */
const DRAFT_PREFIX = `${DATA_NAME}-initdb-`;
const STAGED_PREFIX = join(STAGE, 'data-');

/** The user who owns every database here. */
export const DATABASE_USER = 'mes';

interface Draft {
  /** The folder initdb fills. */
  readonly folder: string;
  /** What stands for it in the directory of the user: the folder itself, or a link to it. */
  readonly entry: string;
}

/** What a new data directory is made from. */
export interface Initialisation {
  readonly directory: string;
  readonly password: string;
  readonly binaries: Binaries;
  readonly user: ServerUser | undefined;
  /** False saves the wait for the disk, for data nobody will miss. */
  readonly durable: boolean;
}

/**
 * Makes the data directory under a name nobody looks at, and publishes it when it is complete: a crash at any moment
 * leaves either no data or all of them. If another process publishes first, its data are the ones.
 *
 * @returns the real path of the data directory
 * @throws EmbeddedPostgresError INITDB_FAILED
 */
export async function initialise(plan: Initialisation): Promise<string> {
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
 * Removes what starts that were killed have left under construction. To be called by the owner of the database: whoever
 * is still constructing then has come too late anyway.
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
  if (user === undefined) return { folder: entry, entry };
  const owned = await give(entry, user);
  // Tried as that user, since mode bits do not tell all: access lists, mounts and security modules have a say as well.
  const usable = await runCommand('/bin/sh', ['-c', 'cd "$1" && test -w .', 'sh', entry], user);
  if (owned && usable.exitCode === 0) return { folder: entry, entry };

  await rm(entry, { recursive: true });
  await openStage();
  const folder = STAGED_PREFIX + name;
  // The link comes first: a folder on the stage that nothing refers to would never be found and removed.
  await symlink(folder, entry);
  await mkdir(folder, { mode: 0o700 });
  await give(folder, user);
  return { folder, entry };
}

async function give(path: string, user: ServerUser): Promise<boolean> {
  return chown(path, user.uid, user.gid).then(
    () => true,
    () => false,
  );
}

/** Runs initdb. Returns why it failed, or undefined. */
async function fill(folder: string, plan: Initialisation): Promise<string | undefined> {
  const { binaries, user, password } = plan;
  const passwordFile = `${folder}-password`;
  try {
    await writeFile(passwordFile, password, { mode: 0o600, flag: 'wx' });
    if (user !== undefined) await chown(passwordFile, user.uid, user.gid);
    const { exitCode, output } = await runCommand(
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
        ...(plan.durable ? [] : ['--no-sync']),
      ],
      user,
    );
    return exitCode === 0 ? undefined : output.trim();
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/**
 * Gives the data their name. Both ways fail, as they must, when there is something of that name already; the caller looks
 * whose data they are. Returns why it failed, or undefined.
 */
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
  // The constructor of a draft may still be at work and add files behind us: what stays is removed by a later start.
  const remove = (path: string): Promise<void> => rm(path, { recursive: true, force: true }).catch(() => undefined);
  const isLink = await lstat(entry).then(
    (stats) => stats.isSymbolicLink(),
    () => false,
  );
  const folder = isLink ? await readlink(entry) : entry;
  // A crash between publishing the link and removing the draft's link leaves two links to the living data.
  if (folder !== dataDirectory && (!isLink || folder.startsWith(STAGED_PREFIX))) {
    await remove(folder);
    await remove(`${folder}-password`);
  }
  await remove(entry);
}
