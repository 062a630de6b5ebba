import { setTimeout as delay } from 'node:timers/promises';
import type { Violation } from '../consistency/checker/violation.js';
import { runUnderLoad } from '../consistency/run.js';
import type { System } from '../consistency/system/system.js';
import type { Exchange } from '../consistency/workload/recorder.js';
import { eventually } from '../support/eventually.js';
import type { Fault, Scene } from './fault.js';

/** How long all is well before the fault, and after everything is as usual again, in milliseconds. */
const QUIET = 1_000;

/** What became of a system that went through a fault under load. Times are in milliseconds. */
export interface FaultResult {
  readonly fault: Fault;
  readonly calls: number;
  readonly violations: readonly Violation[];
  /** Requests that were not answered as the contract says, though nothing that they need was away. */
  readonly wronglyFailed: readonly Exchange[];
  /** Requests that failed because what they need was away. */
  readonly failed: number;
  /** By how much the longest request took longer than the longest one before the fault. */
  readonly longestExtra: number;
  /** From the end of the fault until every instance has answered out of the cache again. */
  readonly untilHits: number;
}

export interface FaultPlan {
  readonly clients: number;
  readonly seed: string;
}

export async function runFault(scene: Scene, fault: Fault, { clients, seed }: FaultPlan): Promise<FaultResult> {
  const { system } = scene;
  let began = Infinity;
  let healed = Infinity;
  let normal = Infinity;
  const { violations, checked, exchanges } = await runUnderLoad(
    system,
    { name: `${fault.name}-${seed}`, clients, seed },
    async () => {
      await delay(QUIET);
      began = performance.now();
      await fault.happen(scene);
      healed = performance.now();
      normal = await allHitAgain(system, healed);
      await delay(QUIET);
    },
  );
  const failed = exchanges.filter(({ status }) => status === undefined || status >= 500);
  const wronglyFailed = failed.filter((exchange) => !isExcused(exchange, fault));
  return {
    fault,
    calls: checked.calls,
    violations,
    wronglyFailed,
    failed: failed.length - wronglyFailed.length,
    longestExtra: Math.max(0, longest(exchanges, began, Infinity) - longest(exchanges, 0, began)),
    untilHits: normal - healed,
  };
}

/** Resolves with when the last of the instances has answered out of the cache for the first time since then. */
function allHitAgain({ instances, recorder }: System, since: number): Promise<number> {
  return eventually(() => {
    const hits = recorder.exchanges.filter(({ isHit, start }) => isHit && start > since);
    const ends = instances.map(({ name }) => hits.find(({ instance }) => instance === name)?.end);
    const seen = ends.filter((end) => end !== undefined);
    return seen.length === instances.length && Math.max(...seen);
  }, 30_000);
}

function isExcused({ status, retryAfter }: Exchange, { mayFail }: Fault): boolean {
  if (mayFail === 'while PostgreSQL is away') return status === 503 && retryAfter;
  return mayFail === 'when the process dies' && status === undefined;
}

function longest(exchanges: readonly Exchange[], from: number, to: number): number {
  const times = exchanges.filter(({ end }) => end >= from && end < to).map(({ start, end }) => end - start);
  return Math.max(0, ...times);
}
