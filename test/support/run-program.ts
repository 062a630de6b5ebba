import { fail } from '../../apps/mes-api/src/commands/command-failure.js';
import { note } from '../bench/note.js';
import { Resources } from '../bench/servers/resources.js';

export interface Program<Plan> {
  /** What `--help` prints. */
  readonly usage: string;
  /** Reads the command line. Returns undefined if the user asked for help. */
  readonly read: (args: string[]) => Plan | undefined;
  readonly run: (plan: Plan) => Promise<void>;
  /** What the program starts and must stop. */
  readonly resources?: Resources;
  /** What is printed before the error if the program fails. */
  readonly failure: string;
}

/** Runs a program with the command line of this process. Stops what it started, even after an error or an interrupt. */
export function runProgram<Plan>({ usage, read, run, resources = new Resources(), failure }: Program<Plan>): void {
  let interrupted = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (!interrupted) note('stopping everything');
      interrupted = true;
      void resources.close().then(() => process.exit(1));
    });
  }
  start()
    .finally(() => resources.close())
    .catch((error: unknown) => {
      // After an interrupt, errors come from the servers that are being stopped.
      if (!interrupted) fail(error, failure);
    });

  async function start(): Promise<void> {
    const plan = read(process.argv.slice(2));
    if (plan) await run(plan);
    else console.log(usage);
  }
}
