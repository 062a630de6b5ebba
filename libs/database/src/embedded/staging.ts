import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommand } from './command.js';

/**
 * Where root puts what another user has to reach, when the folder of the project is closed to that user: below root's
 * home, say, or below a `mktemp -d`. Both have mode 0700, and the modes of folders that are not ours stay as they are.
 */
export const STAGE = '/var/lib/mes-orders-api';

/** Creates the stage, open to everybody for reading. */
export async function openStage(): Promise<void> {
  await mkdir(STAGE, { recursive: true });
  // Not left to mkdir, whose mode the umask of root may cut down.
  await chmod(STAGE, 0o755);
}

/**
 * Copies an installation to the stage, once for each version.
 *
 * @param native the folder that holds bin, lib and share
 * @param complete finishes the copy before it is published
 * @returns the folder of the copy that stands for `native`
 */
export async function stageBinaries(native: string, complete: (native: string) => Promise<void>): Promise<string> {
  const description = JSON.parse(await readFile(join(dirname(native), 'package.json'), 'utf8')) as { version: string };
  const installation = join(STAGE, `postgresql-${description.version}`);
  const copy = join(installation, 'native');
  if (await exists(copy)) return copy;

  await openStage();
  const draft = await mkdtemp(`${installation}.`);
  try {
    await cp(native, join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
    await complete(join(draft, 'native'));
    await runCommand('chmod', ['-R', 'u=rwX,go=rX', draft]);
    await rename(draft, installation);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another process has published the same copy first: a folder is not renamed over one that holds something.
    if (!(await exists(copy))) throw error;
  }
  return copy;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
