import { parseArgs } from 'node:util';
import { CommandError } from '../command-failure.js';
import type { SampleOptions } from './sample-orders.js';

export type SampleArguments = Omit<SampleOptions, 'after'>;

export const SAMPLE_USAGE = `Adds realistic orders of the last 18 months to the configured database.

  npm run sample -- --orders 100000

  --orders <n>        how many, 1 to 10000000; 10000 by default
  --seed <text>       seed of the random orders; on an empty database, the same seed and time give the same orders
  --until <time>      end of the sample, such as 2031-05-17T09:30:00Z; now by default
  --help              show this text`;

const MAX_ORDERS = 10_000_000;

/**
 * The options on the command line; undefined for `--help`.
 *
 * @param now in milliseconds since 1970
 * @throws {CommandError} and the errors of `parseArgs`
 */
export function readSampleArguments(args: string[], now: number): SampleArguments | undefined {
  const { values } = parseArgs({
    args,
    options: {
      orders: { type: 'string', default: '10000' },
      seed: { type: 'string', default: 'mes' },
      until: { type: 'string', default: new Date(now).toISOString() },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;

  const count = /^\d{1,9}$/.test(values.orders) ? Number(values.orders) : 0;
  if (count < 1 || count > MAX_ORDERS) {
    throw new CommandError(`--orders must be a whole number from 1 to ${MAX_ORDERS}`);
  }
  const until = Date.parse(values.until);
  if (!(until >= 0 && until <= now)) {
    throw new CommandError('--until must be a time that is not in the future, such as 2031-05-17T09:30:00Z');
  }
  return { count, seed: values.seed, until };
}
