import * as fc from 'fast-check';
import { runScenario } from './run-scenario.js';
import { delays, embedded, quiet, troubled } from './scenario.js';

/**
 * - `quiet`: two instances over a Redis that is always there
 * - `troubled`: two instances that are cut off from Redis now and then
 * - `embedded`: one instance without Redis
 */
export const SURROUNDINGS = { quiet, troubled, embedded };
export type SurroundingsName = keyof typeof SURROUNDINGS;

export interface Exploration {
  readonly surroundings: SurroundingsName;
  readonly runs: number;
  readonly seed: number;
  /** Of a failure that was found before, to see it again. */
  readonly path?: string | undefined;
  /** Whether the first failure is reported as it is, rather than made as short as possible. */
  readonly endOnFailure?: boolean;
}

/** How much was explored, and what happened on the way. */
export interface Explored {
  readonly runs: number;
  readonly steps: number;
  readonly happened: Readonly<Record<string, number>>;
  /** What went wrong, with the shortest interleaving, and how to see it again; nothing if all went well. */
  readonly violation: string | undefined;
}

/** A client was shown something stale. */
export class ViolationError extends Error {
  override readonly name = 'ViolationError';
}

const COUNTED = [
  'hits',
  'l1Hits',
  'misses',
  'collapsed',
  'bypasses',
  'refreshes',
  'relayedWrites',
  'sweptTags',
] as const;

/** Runs scenarios in random interleavings, which are the same ones for the same seed. */
export async function explore({
  surroundings,
  runs,
  seed,
  path,
  endOnFailure = false,
}: Exploration): Promise<Explored> {
  let executed = 0;
  let steps = 0;
  const happened: Record<string, number> = {};
  const property = fc.asyncProperty(
    SURROUNDINGS[surroundings],
    fc.scheduler(),
    delays,
    async (plan, scheduler, delay) => {
      const shown = await runScenario(plan, scheduler, delay);
      executed += 1;
      steps += shown.steps;
      for (const { counts } of shown.instances) {
        for (const name of COUNTED) happened[name] = (happened[name] ?? 0) + counts[name];
      }
      if (shown.complaints.length > 0) throw new ViolationError(shown.complaints.join('\n'));
    },
  );
  const details = await fc.check(property, { numRuns: runs, seed, endOnFailure, ...(path ? { path } : {}) });
  return { runs: executed, steps, happened, violation: details.failed ? describe(details, surroundings) : undefined };
}

type Failure = Pick<
  fc.RunDetails<readonly unknown[]>,
  'seed' | 'counterexamplePath' | 'counterexample' | 'errorInstance'
>;

function describe(
  { seed, counterexamplePath, counterexample, errorInstance }: Failure,
  surroundings: SurroundingsName,
): string {
  const [scenario, scheduler] = counterexample ?? [];
  return [
    errorInstance instanceof Error ? (errorInstance.stack ?? errorInstance.message) : String(errorInstance),
    `in this scenario: ${JSON.stringify(scenario, undefined, 1)}`,
    `with this interleaving: ${String(scheduler)}`,
    `See it again by: npm run interleavings -- --surroundings ${surroundings} --seed ${seed} --path ${counterexamplePath ?? ''}`,
  ].join('\n');
}
