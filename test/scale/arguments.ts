import { parseArgs } from 'node:util';
import { wholeNumber } from '../support/whole-number.js';

/** The extent of the measurements. */
export interface ScalePlan {
  /** Orders in the database. */
  readonly orders: number;
  /** Length of one measurement, in seconds. */
  readonly seconds: number;
  /** Streams of live events that are opened to measure their memory. */
  readonly streams: number;
}

const DEFAULTS: ScalePlan = { orders: 100_000, seconds: 8, streams: 1_000 };

export const SCALE_USAGE = `Measures what requests cost one node, with 1, 2 and 4 instances and workers, and prints how many clients that is enough for.

  npm run scale
  npm run scale -- --seconds 3

  --orders <n>    orders in the database; ${DEFAULTS.orders} by default
  --seconds <n>   length of one measurement; ${DEFAULTS.seconds} by default
  --streams <n>   streams of live events to measure; ${DEFAULTS.streams} by default
  --help          shows this text`;

/**
 * The parsed command line; `undefined` if the user asked for help.
 *
 * @throws {CommandError} and the errors of `parseArgs`
 */
export function readScaleArguments(args: string[]): ScalePlan | undefined {
  const { values } = parseArgs({
    args,
    options: {
      orders: { type: 'string', default: String(DEFAULTS.orders) },
      seconds: { type: 'string', default: String(DEFAULTS.seconds) },
      streams: { type: 'string', default: String(DEFAULTS.streams) },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    orders: wholeNumber('--orders', values.orders, 10_000_000),
    seconds: wholeNumber('--seconds', values.seconds, 600),
    streams: wholeNumber('--streams', values.streams, 10_000),
  };
}
