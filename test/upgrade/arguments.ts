import { parseArgs } from 'node:util';
import { CommandError } from '../../apps/mes-api/src/commands/command-failure.js';
import { wholeNumber } from '../support/whole-number.js';

export interface UpgradePlan {
  /** The commit of the older build. */
  readonly from: string;
  /** Length of each stage, in seconds. */
  readonly seconds: number;
  readonly instances: number;
  readonly clients: number;
}

export const UPGRADE_USAGE = `Upgrades instances of an older build to this one under load, and checks that nothing fails, is stale or gets lost.

  npm run upgrade -- --from 1a2b3c4
  npm run upgrade -- --from 1a2b3c4 --seconds 20

  --from <commit>    commit of the older build, such as the one that runs now
  --seconds <n>      length of each stage; 5 by default
  --instances <n>    number of API processes; 3 by default
  --clients <n>      number of concurrent clients; 8 by default
  --help             shows this text`;

/**
 * The parsed command line; `undefined` if the user asked for help.
 *
 * @throws {CommandError} and the errors of `parseArgs`
 */
export function readUpgradeArguments(args: string[]): UpgradePlan | undefined {
  const { values } = parseArgs({
    args,
    options: {
      from: { type: 'string' },
      seconds: { type: 'string', default: '5' },
      instances: { type: 'string', default: '3' },
      clients: { type: 'string', default: '8' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  if (values.from === undefined) throw new CommandError('--from must name the commit of the older build');
  return {
    from: values.from,
    seconds: wholeNumber('--seconds', values.seconds, 600),
    instances: wholeNumber('--instances', values.instances, 20),
    clients: wholeNumber('--clients', values.clients, 1_000),
  };
}
