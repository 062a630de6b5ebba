import * as fc from 'fast-check';
import { runScenario } from './run-scenario.js';
import { delays, embedded, quiet, troubled } from './scenario.js';

/**
 * The kinds of systems to explore:
 *
 * - `quiet`: two instances with a Redis that always works
 * - `troubled`: two instances that are sometimes cut off from Redis
 * - `embedded`: one instance without Redis
 */
export const SURROUNDINGS = { quiet, troubled, embedded };
export type SurroundingsName = keyof typeof SURROUNDINGS;

export interface Exploration {
  readonly surroundings: SurroundingsName;
  readonly runs: number;
  readonly seed: number;
  /** The path of an earlier failure, to replay it. */
  readonly path?: string | undefined;
  /** Whether the exploration ends at the first failure, without shrinking it. */
  readonly endOnFailure?: boolean;
}

/** The extent of an exploration, and counts of what happened in it. */
export interface Explored {
  readonly runs: number;
  readonly steps: number;
  readonly happened: Readonly<Record<string, number>>;
  /** A description of the first violation: its interleaving and the command to replay it. It is `undefined` if all was well. */
  readonly violation: string | undefined;
}

/** A client was shown a stale response. */
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

/** Runs random scenarios in random interleavings. The seed determines both. */
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
    `Replay it by: npm run interleavings -- --surroundings ${surroundings} --seed ${seed} --path ${counterexamplePath ?? ''}`,
  ].join('\n');
}
