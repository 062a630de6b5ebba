import { setTimeout as delay } from 'node:timers/promises';
import type { Violation } from '../consistency/checker/violation.js';
import { runUnderLoad } from '../consistency/run.js';
import type { System } from '../consistency/system/system.js';
import { crowd } from '../consistency/workload/crowd.js';
import { CLIENT_PATIENCE_MS } from '../consistency/workload/instance.js';
import { Load } from '../consistency/workload/load.js';
import type { Exchange } from '../consistency/workload/recorder.js';
import { eventually } from '../support/eventually.js';
import { calmOrders } from './calm-orders.js';
import type { Fault, Scene } from './fault.js';
import { measureHits, type Hits, type Moments } from './hits.js';
import { ordinaryDay } from './ordinary-day.js';

/** How long hits are counted before the fault, in milliseconds. */
const BEFORE = 3_000;
/** The share of hits when nothing goes wrong. */
const USUAL_HITS = 0.9;
/** How often hits are counted before the fault, until there are as many as usual. */
const ATTEMPTS = 5;
/** How long everybody still hurries after the fault, in milliseconds: what goes wrong then is often stale. */
const AFTERMATH = 500;
const WARM_PATIENCE_MS = 30_000;
/** How soon after a fault everything has to work again, in milliseconds. */
export const RECOVERY_MS = 10_000;

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
  readonly hits: Hits;
}

export interface FaultPlan {
  /** How many clients hurry while the fault happens. */
  readonly clients: number;
  readonly seed: string;
  /** How long hits are counted after the fault, in seconds. */
  readonly seconds: number;
}

/**
 * Lets a fault happen on an ordinary day, of which the hits are counted. While it happens, a crowd writes and reads as fast as
 * it can, so that what is stale is seen.
 */
export async function runFault(
  scene: Scene,
  fault: Fault,
  { clients, seed, seconds }: FaultPlan,
): Promise<FaultResult> {
  const { system } = scene;
  const name = `${fault.name}-${seed}`;
  const calm = await calmOrders(system);
  const moments = { warm: Infinity, began: Infinity, healed: Infinity, end: Infinity };
  const { violations, checked, exchanges } = await runUnderLoad(
    system,
    ordinaryDay(system, { name, seed, calm }),
    async () => {
      await allWarm(system, calm);
      moments.warm = await ordinary(system);
      const hurry = new Load(crowd({ name, clients, seed }, system.floor));
      moments.began = performance.now();
      try {
        await fault.happen(scene);
        moments.healed = performance.now();
        await delay(AFTERMATH);
      } finally {
        void hurry.stop();
      }
      moments.end = moments.healed + seconds * 1_000;
      await Promise.all([hurry.stop(), delay(moments.end - performance.now())]);
    },
  );
  const all = system.instances.map((instance) => instance.name);
  const others = all.slice(fault.touches ?? all.length);
  const failed = exchanges.filter(({ status }) => status === undefined || status >= 500);
  const wronglyFailed = failed.filter((exchange) => !isExcused(exchange, fault, others, moments.healed));
  return {
    fault,
    calls: checked.calls,
    violations,
    wronglyFailed,
    failed: failed.length - wronglyFailed.length,
    longestExtra: Math.max(0, longest(exchanges, moments.began, Infinity) - longest(exchanges, 0, moments.began)),
    untilHits: untilAllHit(exchanges, all, moments),
    hits: measureHits(exchanges, moments, all, others),
  };
}

/**
 * Resolves when every instance has answered everything out of the cache that nobody changes.
 *
 * @throws Error if that takes too long
 */
async function allWarm({ instances, recorder }: System, calm: readonly string[]): Promise<void> {
  const isWarm = (): boolean => {
    const hits = recorder.exchanges.filter(({ watched, cache }) => watched === 'calm' && cache === 'hit');
    return new Set(hits.map(({ instance, path }) => `${instance} ${path}`)).size === instances.length * calm.length;
  };
  await eventually(isWarm, WARM_PATIENCE_MS).catch((error: unknown) => {
    throw new Error('before the fault, not everything could be cached', { cause: error });
  });
}

/**
 * Resolves with the begin of a time in which nearly all that is polled was a hit, or that of the last one looked at: for a while,
 * a machine may have other things to do.
 */
async function ordinary({ recorder }: System): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const began = performance.now();
    await delay(BEFORE);
    if (attempt === ATTEMPTS || shareOfHits(recorder.exchanges, began) >= USUAL_HITS) return began;
  }
}

function shareOfHits(exchanges: readonly Exchange[], since: number): number {
  const polled = exchanges.filter(({ watched, start }) => watched !== undefined && start >= since);
  return polled.filter(({ cache }) => cache === 'hit').length / polled.length;
}

/** From the end of the fault to the first hit of the instance that has its first one last. */
function untilAllHit(exchanges: readonly Exchange[], instances: readonly string[], { healed }: Moments): number {
  const hits = exchanges.filter(({ cache, start }) => cache === 'hit' && start > healed);
  const ends = instances.map((name) => hits.find(({ instance }) => instance === name)?.end ?? Infinity);
  return Math.max(...ends) - healed;
}

function isExcused(exchange: Exchange, { mayFail }: Fault, others: readonly string[], healed: number): boolean {
  const { instance, start, end, status, retryAfter } = exchange;
  if (others.includes(instance) || start > healed + RECOVERY_MS || end - start >= CLIENT_PATIENCE_MS) return false;
  switch (mayFail) {
    case 'while PostgreSQL does not serve':
      return status === 503 && retryAfter;
    case 'when the process dies':
      return status === undefined;
    case 'while tables are missing':
      return status !== undefined;
    case undefined:
      return false;
  }
}

function longest(exchanges: readonly Exchange[], from: number, to: number): number {
  const times = exchanges.filter(({ end }) => end >= from && end < to).map(({ start, end }) => end - start);
  return times.reduce((most, time) => Math.max(most, time), 0);
}
