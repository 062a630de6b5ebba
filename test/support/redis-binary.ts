import { execFile } from 'node:child_process';
import { access, constants, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Debian's packages ask this program whether they may start their service; 101 means no. */
const POLICY = '/usr/sbin/policy-rc.d';
const HINT =
  'redis-server is missing; install it: "apt-get install redis-server" (Debian, Ubuntu), "dnf install redis" (Fedora) or "brew install redis" (macOS)';

/**
 * Path of redis-server. Root on a system with apt gets it installed, since no npm package ships it.
 *
 * @throws Error with one line that says what to install
 */
export async function findOrInstallRedis(): Promise<string> {
  const installed = await findOnPath('redis-server');
  if (installed !== undefined) return installed;
  if (process.getuid?.() !== 0 || (await findOnPath('apt-get')) === undefined) throw new Error(HINT);

  await installByApt();
  const path = await findOnPath('redis-server');
  if (path === undefined) throw new Error(HINT);
  return path;
}

async function findOnPath(name: string): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    const executable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return path;
  }
  return undefined;
}

async function installByApt(): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const forbidden = await forbidServices();
  try {
    await run('apt-get', ['update', '-qq'], { env });
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'redis-server'], { env });
  } catch (error) {
    throw new Error(`${HINT} (apt-get could not)`, { cause: error });
  } finally {
    if (forbidden) await rm(POLICY, { force: true });
  }
}

/** False if the system has a policy of its own already, which stays. */
async function forbidServices(): Promise<boolean> {
  return writeFile(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' }).then(
    () => true,
    () => false,
  );
}
