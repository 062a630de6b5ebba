import { parseArgs } from 'node:util';
import { CommandError } from '../../apps/mes-api/src/commands/command-failure.js';
import { SURROUNDINGS, type Exploration, type SurroundingsName } from './explore.js';

export const INTERLEAVINGS_USAGE = `Runs readers and writers of the cache in random interleavings, and looks for stale responses.

  npm run interleavings
  npm run interleavings -- --runs 100000 --seed 7
  npm run interleavings -- --surroundings troubled --seed 7 --path 4037:13

  --runs <n>             runs in each of the surroundings; 2000 by default
  --seed <n>             seed of all random choices; a new one for each run by default
  --surroundings <name>  quiet (Redis always works), troubled (it sometimes fails) or embedded (no Redis); all by default
  --path <path>          replays the violation that a run printed, with the same seed and surroundings
  --help                 shows this text`;

/**
 * The parsed command line; `undefined` if the user asked for help.
 *
 * @throws {CommandError} and the errors of `parseArgs`
 */
export function readInterleavingsArguments(args: string[]): Exploration[] | undefined {
  const { values } = parseArgs({
    args,
    options: {
      runs: { type: 'string', default: '2000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
      surroundings: { type: 'string' },
      path: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  if (values.path !== undefined && values.surroundings === undefined) {
    throw new CommandError('--path needs --surroundings, because a path belongs to one of them');
  }
  const runs = whole('--runs', values.runs);
  const seed = whole('--seed', values.seed);
  return namesOf(values.surroundings).map((surroundings) => ({ surroundings, runs, seed, path: values.path }));
}

function namesOf(wanted: string | undefined): SurroundingsName[] {
  const all = Object.keys(SURROUNDINGS) as SurroundingsName[];
  const names = all.filter((name) => wanted === undefined || name === wanted);
  if (names.length === 0) throw new CommandError(`--surroundings must be one of ${all.join(', ')}`);
  return names;
}

function whole(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new CommandError(`${option} must be a whole number of at most nine digits`);
  return Number(text);
}
