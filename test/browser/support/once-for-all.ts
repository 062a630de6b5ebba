import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../../support/eventually.js';

const PATIENCE = 300_000;

/**
 * Fills a folder that all workers of a run share. The first worker fills it, and the others wait.
 *
 * @param make fills the folder
 */
export async function onceForAll(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const shared = process.env.TEST_PAGE_DIRECTORY;
  if (shared === undefined) throw new Error('the global set-up has not run');
  const folder = join(shared, name);
  const done = join(shared, `${name}.done`);
  try {
    // Only one worker succeeds with mkdir.
    await mkdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    await eventually(() => existsSync(done), PATIENCE);
    return folder;
  }
  await make(folder);
  await writeFile(done, '');
  return folder;
}
