import { readFile, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { runCommand, type ServerUser } from './command.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { stageBinaries } from './staging.js';

/** The programs of one PostgreSQL installation; absolute paths. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * The PostgreSQL programs in a place where the user can run them.
 *
 * @param user the user the server will run as; undefined for the user of this process
 * @throws EmbeddedPostgresError UNSUPPORTED_PLATFORM, BINARIES_UNUSABLE
 */
export async function usableBinaries(user: ServerUser | undefined): Promise<Binaries> {
  const packaged = await packagedBinaries();
  const native = dirname(dirname(packaged.postgres));
  await linkLibraries(native);
  // Whether a user may enter a folder and run a file depends on more than mode bits: it is tried, not computed.
  const inPlace = await runCommand(packaged.postgres, ['--version'], user);
  if (inPlace.exitCode === 0) return packaged;
  if (user === undefined) throw unusable(packaged, inPlace.output);

  const staged = binariesIn(await stageBinaries(native, linkLibraries));
  const elsewhere = await runCommand(staged.postgres, ['--version'], user);
  if (elsewhere.exitCode === 0) return staged;
  throw unusable(staged, elsewhere.output);
}

/**
 * The programs of the npm package for a platform, wherever npm has put it.
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

/**
 * Makes the links from library names to files, which npm cannot put in a package. The package makes them in a postinstall
 * script, and npm 11 does not run those unless told to.
 */
async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    // Links that are there, or that may not be made here, are no failure: running the server tells.
    await symlink(basename(source), join(dirname(native), target)).catch(() => undefined);
  }
}

function binariesIn(native: string): Binaries {
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
}

function unusable(binaries: Binaries, output: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'BINARIES_UNUSABLE',
    `${binaries.postgres} does not run: ${output.trim()}. Install again by "npm ci", ` +
      'or set DATABASE_URL to a PostgreSQL server of your own.',
  );
}
