import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import type { Explored } from '../interleavings/explore.js';
import { registerHooks } from '../support/register-hooks.js';
import { controls, mutations } from './mutations.js';

type Explorer = typeof import('../interleavings/explore.js');

// Explores interleavings of the cache with each of the named mutations, or with all of them, until one reveals the mutation.
// Prints a line of JSON for each mutation.

/** The limit on runs for each mutation, far above the number that any of them needs. */
const RUNS = 20_000;

/** The number of runs without a mutation, which is more than most mutations need. */
const CONTROL_RUNS = 200;

const SEED = 1;

export interface Caught extends Pick<Explored, 'runs' | 'violation'> {
  readonly name: string;
  /** The reason why the exploration failed. */
  readonly error?: string;
}

const all = [...controls, ...mutations];

await registerHooks(
  import.meta.resolve('./mutation-hooks.js'),
  Object.fromEntries(all.map(({ name, edits }) => [name, edits])),
);
Logger.overrideLogger(false);

const wanted = process.argv.slice(2);

for (const { name, surroundings, edits } of all.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const runs = edits.length === 0 ? CONTROL_RUNS : RUNS;
  try {
    const program = `../interleavings/explore.ts?mutation=${encodeURIComponent(name)}`;
    const { explore } = (await import(program)) as Explorer;
    const explored = await explore({ surroundings, runs, seed: SEED, endOnFailure: true });
    console.log(JSON.stringify({ name, runs: explored.runs, violation: explored.violation } satisfies Caught));
  } catch (error) {
    console.log(JSON.stringify({ name, runs: 0, violation: undefined, error: String(error) } satisfies Caught));
  }
}
