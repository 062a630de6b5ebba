import { setTimeout as delay } from 'node:timers/promises';
import type { Violation } from '../consistency/checker/violation.js';
import { runUnderLoad } from '../consistency/run.js';
import type { System } from '../consistency/system/system.js';
import { crowd } from '../consistency/workload/crowd.js';
import { CLIENT_PATIENCE_MS } from '../consistency/workload/instance.js';
import { Load } from '../consistency/workload/load.js';
import type { Exchange } from '../consistency/workload/recorder.js';
import { eventually } from '../support/eventually.js';
import { AlertWatch, type MonitoringResult } from './alerts.js';
import { calmOrders } from './calm-orders.js';
import type { Fault, Scene } from './fault.js';
import { measureHits, type Hits, type Moments } from './hits.js';
import { ordinaryDay } from './ordinary-day.js';

/** The time for which hits are counted before the fault, in milliseconds. */
const BEFORE = 3_000;
/** The minimum share of hits without a fault. */
const USUAL_HITS = 0.9;
/** The number of attempts to count enough hits before the fault. */
const ATTEMPTS = 5;
/** The time for which the crowd stays after the fault, in milliseconds, because stale responses are most likely then. */
const AFTERMATH = 500;
const WARM_PATIENCE_MS = 30_000;
/** The time within which everything must work again after a fault, in milliseconds. */
export const RECOVERY_MS = 10_000;

/** The result of a fault under load. Times are in milliseconds. */
export interface FaultResult {
  readonly fault: Fault;
  readonly calls: number;
  readonly violations: readonly Violation[];
  /** Requests that failed without an excuse. */
  readonly wronglyFailed: readonly Exchange[];
  /** The number of requests that failed with an excuse. */
  readonly failed: number;
  /** The time by which the longest request exceeds the longest one before the fault. */
  readonly longestExtra: number;
  /** The time from the end of the fault until every instance has had a hit. */
  readonly untilHits: number;
  readonly hits: Hits;
  readonly monitoring: MonitoringResult;
}

export interface FaultPlan {
  /** The number of clients in the crowd during the fault. */
  readonly clients: number;
  readonly seed: string;
  /** The time for which hits are counted after the fault, in seconds. */
  readonly seconds: number;
}

/**
 * Injects a fault on an ordinary day, whose hits are counted. During the fault, a crowd writes and reads as fast as it can, so
 * that stale responses show.
 */
export async function runFault(scene: Scene, fault: Fault, plan: FaultPlan): Promise<FaultResult> {
  const watch = await AlertWatch.start(scene.system);
  try {
    return await runWatched(scene, fault, plan, watch);
  } finally {
    await watch.stop();
  }
}

async function runWatched(
  scene: Scene,
  fault: Fault,
  { clients, seed, seconds }: FaultPlan,
  watch: AlertWatch,
): Promise<FaultResult> {
  const { system } = scene;
  const name = `${fault.name}-${seed}`;
  const calm = await calmOrders(system);
  const moments = { warm: Infinity, began: Infinity, healed: Infinity, end: Infinity };
  let monitoring: MonitoringResult = { alerts: [], inspections: 0 };
  const { violations, checked, exchanges } = await runUnderLoad(
    system,
    ordinaryDay(system, { name, seed, calm }),
    async () => {
      await fault.prepare?.(scene);
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
      monitoring = await watch.since(moments.began);
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
    monitoring,
  };
}

/**
 * Waits until every instance has answered every calm request from the cache.
 *
 * @throws Error if that takes too long
 */
async function allWarm({ instances, recorder }: System, calm: readonly string[]): Promise<void> {
  const isWarm = (): boolean => {
    const hits = recorder.exchanges.filter(({ watched, cache }) => watched === 'calm' && cache === 'hit');
    return new Set(hits.map(({ instance, path }) => `${instance} ${path}`)).size === instances.length * calm.length;
  };
  await eventually(isWarm, WARM_PATIENCE_MS).catch((error: unknown) => {
    throw new Error('some polled responses were not cached before the fault', { cause: error });
  });
}

/**
 * Waits for a period in which nearly all polled responses are hits, since the machine may be busy for a while. It gives up
 * after some attempts, and returns the start of the last period.
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

/** The time from the end of the fault until every instance has had a hit. */
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
    case 'while no connection can be opened':
      return status === undefined || (status === 503 && retryAfter);
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
