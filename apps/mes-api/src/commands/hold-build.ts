import cluster from 'node:cluster';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** The folder of the build, as `apps/build.js` makes it, with a file for each process that runs from the build. */
const PROCESSES = resolve(import.meta.dirname, '../../../../processes');

/** Keeps the build that this process runs from, with the operators' page, until the process ends: later builds remove unused ones. */
export function holdBuild(): void {
  // The process runs from the sources, or from an image, in which nothing is built.
  if (!existsSync(PROCESSES)) return;
  const file = resolve(PROCESSES, String(process.pid));
  // What an earlier process with this id has left does as well. It may be another user's.
  if (existsSync(file)) return;
  try {
    writeFileSync(file, '');
  } catch (error) {
    const { message } = error as Error;
    // The supervisor of workers says it for all of them.
    if (cluster.isPrimary)
      console.error(`A later build may remove the files of this process, which cannot register: ${message}`);
    return;
  }
  process.on('exit', () => {
    rmSync(file, { force: true });
  });
}
