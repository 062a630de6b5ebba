import { fail } from '../../apps/mes-api/src/commands/command-failure.js';
import { note } from '../bench/note.js';
import type { Resources } from '../bench/servers/resources.js';

/**
 * Runs a program that has started servers of its own: they are stopped in any case, when it has ended and when it is
 * interrupted.
 *
 * @param failure what is said when it fails
 */
export function runProgram(run: () => Promise<void>, resources: Resources, failure: string): void {
  let interrupted = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (!interrupted) note('stopping everything');
      interrupted = true;
      void resources.close().then(() => process.exit(1));
    });
  }
  run()
    .finally(() => resources.close())
    .catch((error: unknown) => {
      // What is being stopped fails whoever still uses it.
      if (!interrupted) fail(error, failure);
    });
}
