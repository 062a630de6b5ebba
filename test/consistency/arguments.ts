import { parseArgs } from 'node:util';
import { CommandError } from '../../apps/mes-api/src/commands/command-failure.js';

export interface ConsistencyArguments {
  readonly seconds: number;
  readonly seed: string;
  readonly instances: number;
  readonly clients: number;
}

export const CONSISTENCY_USAGE = `Runs several instances of the API under load and checks that no response is stale and no write is lost.

  npm run consistency
  npm run consistency -- --seconds 60 --seed 7

  --seconds <n>      length of the run; 20 by default
  --seed <text>      seed of the clients' random choices; a new one for each run by default
  --instances <n>    number of API processes; 3 by default
  --clients <n>      number of concurrent clients; 24 by default
  --help             shows this text`;

/**
 * The parsed command line; `undefined` if the user asked for help.
 *
 * @throws {CommandError} and the errors of `parseArgs`
 */
export function readConsistencyArguments(args: string[]): ConsistencyArguments | undefined {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: 'string', default: '20' },
      seed: { type: 'string', default: String(Date.now()) },
      instances: { type: 'string', default: '3' },
      clients: { type: 'string', default: '24' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    seconds: whole('--seconds', values.seconds, 3_600),
    seed: values.seed,
    instances: whole('--instances', values.instances, 20),
    clients: whole('--clients', values.clients, 1_000),
  };
}

function whole(option: string, text: string, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > most) throw new CommandError(`${option} must be a whole number from 1 to ${most}`);
  return value;
}
