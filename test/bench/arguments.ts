import { parseArgs } from 'node:util';
import { CommandError } from '../../apps/mes-api/src/commands/command-failure.js';
import { wholeNumber } from '../support/whole-number.js';

export const SCENARIOS = ['page', 'hit-costs', 'memory', 'stampede', 'creates', 'factory-day', 'scale'] as const;
export type ScenarioName = (typeof SCENARIOS)[number];

/** The extent of the measurements. Times are in seconds. */
export interface Plan {
  readonly quick: boolean;
  /** Number of orders in the database before the first measurement. */
  readonly orders: number;
  readonly rounds: number;
  /** Length of one measurement of one contender in one round. */
  readonly seconds: number;
  /** Length of the same load before the measurement. */
  readonly warmUp: number;
  /** Number of requested pages that fill the near cache. */
  readonly memoryPages: number;
  readonly factorySeconds: number;
  readonly factoryRounds: number;
  readonly stampedes: number;
  readonly hits: number;
  readonly scaleOrders: number;
  readonly scaleRequests: number;
}

export interface BenchArguments {
  readonly plan: Plan;
  readonly scenarios: readonly ScenarioName[];
  /** URL of a filled database for the scenario `scale`. */
  readonly scaleDatabaseUrl: string | undefined;
  /** Folder of the results. Without it, they are only printed. */
  readonly output: string | undefined;
}

export const BENCH_USAGE = `Measures this API and its peers in one run. The contenders take turns in several rounds.

  npm run bench
  npm run bench -- --quick
  npm run bench -- --only page,creates --rounds 3

  --orders <n>                 orders in the database; 1000000 by default
  --only <scenario,…>          of ${SCENARIOS.join(', ')};
                               all but scale by default, because its database takes long to fill
  --rounds <n>                 rounds; 5 by default
  --seconds <n>                length of one measurement; 8 by default
  --quick                      about two minutes: 100000 orders, fewer and shorter rounds
  --output <folder>            for bench.json, bench.md and bench.svg. Older results of other scenarios are kept.
                               test/bench/results by default; with --quick, no files by default
  --scale-orders <n>           the larger database of the scenario scale; 10000000 by default
  --scale-database-url <url>   use this large database instead of filling one
  --help                       print this text`;

const RESULTS = 'test/bench/results';
const WHOLE: Plan = {
  quick: false,
  orders: 1_000_000,
  rounds: 5,
  seconds: 8,
  warmUp: 2,
  factorySeconds: 15,
  factoryRounds: 3,
  stampedes: 5,
  hits: 50_000,
  memoryPages: 3_000,
  scaleOrders: 10_000_000,
  scaleRequests: 30,
};
const QUICK: Plan = {
  ...WHOLE,
  quick: true,
  orders: 100_000,
  rounds: 2,
  seconds: 1.5,
  warmUp: 0.5,
  factorySeconds: 4,
  factoryRounds: 1,
  stampedes: 2,
  hits: 10_000,
  memoryPages: 1_000,
};

/**
 * The options of the command line; undefined if they ask for help.
 *
 * @throws {CommandError} and the errors of `parseArgs`
 */
export function readBenchArguments(args: string[]): BenchArguments | undefined {
  const { values } = parseArgs({
    args,
    options: {
      orders: { type: 'string' },
      only: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      output: { type: 'string' },
      'scale-orders': { type: 'string' },
      'scale-database-url': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;

  const base = values.quick ? QUICK : WHOLE;
  const rounds = wholeNumber('--rounds', values.rounds ?? String(base.rounds), 100);
  return {
    plan: {
      ...base,
      orders: wholeNumber('--orders', values.orders ?? String(base.orders), 100_000_000),
      rounds,
      factoryRounds: Math.min(rounds, base.factoryRounds),
      seconds: positive('--seconds', values.seconds) ?? base.seconds,
      scaleOrders: wholeNumber('--scale-orders', values['scale-orders'] ?? String(base.scaleOrders), 100_000_000),
    },
    scenarios: scenariosOf(values.only),
    scaleDatabaseUrl: values['scale-database-url'],
    output: values.output ?? (values.quick ? undefined : RESULTS),
  };
}

function scenariosOf(only: string | undefined): readonly ScenarioName[] {
  if (only === undefined) return SCENARIOS.filter((name) => name !== 'scale');
  const wanted = only.split(',').map((name) => name.trim());
  const unknown = wanted.find((name) => !SCENARIOS.some((known) => known === name));
  if (unknown !== undefined) throw new CommandError(`--only knows ${SCENARIOS.join(', ')}, but not ${unknown}`);
  return SCENARIOS.filter((name) => wanted.includes(name));
}

function positive(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0 && value <= 3_600)) throw new CommandError(`${option} must be a number up to 3600`);
  return value;
}
