import { fail } from '../../apps/mes-api/src/commands/command-failure.js';
import { note } from '../bench/note.js';
import type { Resources } from '../bench/servers/resources.js';

/**
 * Runs a program that starts servers, and stops the servers in the end, even after an error or an interrupt.
 *
 * @param failure the message that is printed if the program fails
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
      // After an interrupt, errors come from the servers that are being stopped.
      if (!interrupted) fail(error, failure);
    });
}
