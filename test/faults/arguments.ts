import { parseArgs } from 'node:util';
import { CommandError } from '../../apps/mes-api/src/commands/command-failure.js';
import type { Fault } from './fault.js';
import { FAULTS } from './faults.js';
import type { FaultPlan } from './run-fault.js';

export interface FaultsArguments extends FaultPlan {
  readonly faults: readonly Fault[];
  /** Whether the machine has other things to do, so that hits say nothing. */
  readonly busy: boolean;
}

export const FAULTS_USAGE = `Puts several instances of the API under load while something goes wrong, and proves that no answer is stale and nothing lost,
and that there are as many hits after it as before. A run of all faults writes its results into test/README.md.

  npm run faults
  npm run faults -- --only redis-hung,cut-off

  --only <fault,…>   of ${FAULTS.map(({ name }) => name).join(', ')}
  --seed <text>      what the clients choose; another one every time by default
  --clients <n>      clients who hurry while it happens; 6 by default
  --seconds <n>      how long hits are counted after each fault; 15 by default
  --busy             hits are counted but not judged, because the machine has other things to do
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
      clients: { type: 'string', default: '6' },
      seconds: { type: 'string', default: '15' },
      busy: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    faults: values.only === undefined ? FAULTS : values.only.split(',').map(faultOf),
    seed: values.seed,
    clients: whole('--clients', values.clients),
    seconds: whole('--seconds', values.seconds),
    busy: values.busy,
  };
}

function whole(option: string, text: string): number {
  const value = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (value < 1) throw new CommandError(`${option} must be a whole number from 1 to 999`);
  return value;
}

function faultOf(name: string): Fault {
  const fault = FAULTS.find((each) => each.name === name);
  if (!fault) throw new CommandError(`there is no fault ${name}: see --help`);
  return fault;
}
