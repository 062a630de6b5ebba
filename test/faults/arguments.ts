import { parseArgs } from 'node:util';
import { CommandError } from '../../apps/mes-api/src/commands/command-failure.js';
import { wholeNumber } from '../support/whole-number.js';
import type { Fault } from './fault.js';
import { FAULTS } from './faults.js';
import type { FaultPlan } from './run-fault.js';

export interface FaultsArguments extends FaultPlan {
  readonly faults: readonly Fault[];
  /** Whether the machine is busy, so that the share of hits and the alerts prove nothing. */
  readonly busy: boolean;
}

export const FAULTS_USAGE = `Injects faults into a system under load. Checks that no response is stale, that no write is lost, and that the share of hits
recovers after each fault, and that Prometheus raises the right alerts. A run of all faults writes its results into test/README.md.

  npm run faults
  npm run faults -- --only redis-hung,cut-off
  npm run faults -- --only quiet --seconds 3600   an hour of an ordinary day

  --only <fault,…>   faults to inject: ${FAULTS.map(({ name }) => name).join(', ')}
  --seed <text>      seed of the clients' random choices; a new one for each run by default
  --clients <n>      number of clients in the crowd during a fault; 6 by default
  --seconds <n>      time for which hits are counted after each fault; 20 by default
  --busy             judges neither hits nor alerts, for a machine that is busy
  --help             shows this text`;

/**
 * The parsed command line; `undefined` if the user asked for help.
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
      seconds: { type: 'string', default: '20' },
      busy: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    faults: values.only === undefined ? FAULTS : values.only.split(',').map(faultOf),
    seed: values.seed,
    clients: wholeNumber('--clients', values.clients, 9_999),
    seconds: wholeNumber('--seconds', values.seconds, 9_999),
    busy: values.busy,
  };
}

function faultOf(name: string): Fault {
  const fault = FAULTS.find((each) => each.name === name);
  if (!fault) throw new CommandError(`there is no fault ${name}: see --help`);
  return fault;
}
