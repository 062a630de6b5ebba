import { rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** The folder of the build, as `apps/build.js` makes it, with a file for each process that runs from the build. */
const PROCESSES = resolve(import.meta.dirname, '../../../../processes');

/** Keeps the build that this process runs from, with the operators' page, until the process ends: later builds remove unused ones. */
export function holdBuild(): void {
  const file = resolve(PROCESSES, String(process.pid));
  try {
    writeFileSync(file, '');
  } catch {
    // The process runs from the sources, or from an image, in which nothing is built.
    return;
  }
  process.on('exit', () => {
    rmSync(file, { force: true });
  });
}
