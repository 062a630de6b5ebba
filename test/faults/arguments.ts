import { parseArgs } from 'node:util';
import { CommandError } from '../../apps/mes-api/src/commands/command-error.js';
import type { Fault } from './fault.js';
import { FAULTS } from './faults.js';
import type { FaultPlan } from './run-fault.js';

export interface FaultsArguments extends FaultPlan {
  readonly faults: readonly Fault[];
}

export const FAULTS_USAGE = `Puts several instances of the API under load while something goes wrong, and proves that no answer is stale and nothing lost.
A run of all faults writes its results into the README.

  npm run faults
  npm run faults -- --only redis-hung,cut-off

  --only <fault,…>   of ${FAULTS.map(({ name }) => name).join(', ')}
  --seed <text>      what the clients choose; another one every time by default
  --clients <n>      clients at once; 16 by default
  --help             this text`;

/**
 * What was asked for on the command line; nothing if that was help.
 *
 * @throws {CommandError} and the errors of `parseArgs`
 */
export function readFaultsArguments(args: string[]): FaultsArguments | undefined {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      seed: { type: 'string', default: String(Date.now()) },
      clients: { type: 'string', default: '16' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const clients = /^\d{1,3}$/.test(values.clients) ? Number(values.clients) : 0;
  if (clients < 1) throw new CommandError('--clients must be a whole number from 1 to 999');
  return {
    faults: values.only === undefined ? FAULTS : values.only.split(',').map(faultOf),
    seed: values.seed,
    clients,
  };
}

function faultOf(name: string): Fault {
  const fault = FAULTS.find((each) => each.name === name);
  if (!fault) throw new CommandError(`there is no fault ${name}: see --help`);
  return fault;
}
