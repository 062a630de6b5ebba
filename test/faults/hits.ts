import type { Exchange } from '../consistency/workload/recorder.js';
import { CALM_ORDERS } from './calm-orders.js';

/** When a fault began and was healed, and from when to when it was measured; in milliseconds. */
export interface Moments {
  /** All is well, and everything that is polled was seen in the cache. */
  readonly warm: number;
  readonly began: number;
  readonly healed: number;
  readonly end: number;
}

/** What became of the hits: of polled answers, the share that came out of the cache, compared with the time before the fault. */
export interface Hits {
  /** In itself, before the fault. */
  readonly before: number;
  /** During the fault, of answers that no write invalidated. */
  readonly meanwhile: number;
  /** After the fault, at the instance where it is worst. */
  readonly after: number;
  /** During the fault and after it, of answers that no write invalidated, at the instance where it is worst to which nothing was done; absent without any. */
  readonly others: number | undefined;
  /** How many of those answers such instances lost, of all that they had; absent without any. */
  readonly lostByOthers: { readonly lost: number; readonly of: number } | undefined;
}

/** @param others the names of the instances that nothing was done to */
export function measureHits(
  exchanges: readonly Exchange[],
  { warm, began, healed, end }: Moments,
  all: readonly string[],
  others: readonly string[],
): Hits {
  // What is not there any more cannot be cached.
  const polled = exchanges.filter(({ watched, status }) => watched !== undefined && status !== 404);
  const calm = polled.filter(({ watched }) => watched === 'calm');
  const quiet = between(polled, warm, began);
  const worst = (names: readonly string[], from: readonly Exchange[], since: number): number =>
    Math.min(
      ...names.map((name) => {
        const here = from.filter(({ instance }) => instance === name);
        return compared(share(between(here, since, end)), share(between(here, warm, began)));
      }),
    );
  return {
    before: share(quiet),
    meanwhile: compared(share(between(calm, began, healed)), share(between(calm, warm, began))),
    after: worst(all, polled, healed),
    others: others.length === 0 ? undefined : worst(others, calm, began),
    lostByOthers: others.length === 0 ? undefined : countLost(between(calm, began, end), others),
  };
}

/** Answers that were there before, and had to be loaded again. */
function countLost(calm: readonly Exchange[], others: readonly string[]): { lost: number; of: number } {
  const lost = calm.filter(({ instance, cache }) => cache === 'miss' && others.includes(instance));
  return {
    lost: new Set(lost.map(({ instance, path }) => `${instance} ${path}`)).size,
    of: others.length * CALM_ORDERS,
  };
}

function between(exchanges: readonly Exchange[], from: number, to: number): readonly Exchange[] {
  return exchanges.filter(({ start }) => start >= from && start < to);
}

function share(exchanges: readonly Exchange[]): number {
  return exchanges.filter(({ cache }) => cache === 'hit').length / Math.max(1, exchanges.length);
}

function compared(share: number, before: number): number {
  return before === 0 ? 0 : share / before;
}
