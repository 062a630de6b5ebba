import type { Exchange } from '../consistency/workload/recorder.js';
import { CALM_ORDERS } from './calm-orders.js';

/** The moments between which hits are counted, in milliseconds. */
export interface Moments {
  /** The start of the time before the fault, when all polled responses are cached. */
  readonly warm: number;
  readonly began: number;
  readonly healed: number;
  readonly end: number;
}

/** The shares of hits among polled responses, relative to the time before the fault. */
export interface Hits {
  /** The absolute share before the fault. */
  readonly before: number;
  /** During the fault, among responses that no write invalidated. */
  readonly meanwhile: number;
  /** After the fault, at the worst instance. */
  readonly after: number;
  /** Since the fault began, among responses that no write invalidated, at the worst unaffected instance, if there is one. */
  readonly others: number | undefined;
  /** Those responses that unaffected instances had to load again, each as instance and path, and the number of all. */
  readonly lostByOthers: { readonly lost: readonly string[]; readonly of: number } | undefined;
}

/** @param others the names of the instances that the fault does not affect */
export function measureHits(
  exchanges: readonly Exchange[],
  { warm, began, healed, end }: Moments,
  all: readonly string[],
  others: readonly string[],
): Hits {
  // Errors are not cached, so an order that no longer exists cannot be a hit.
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
    lostByOthers: others.length === 0 ? undefined : lostBy(others, between(calm, began, end)),
  };
}

/** The cached responses that had to be loaded again. */
function lostBy(others: readonly string[], calm: readonly Exchange[]): NonNullable<Hits['lostByOthers']> {
  const lost = calm.filter(({ instance, cache }) => cache === 'miss' && others.includes(instance));
  return {
    lost: [...new Set(lost.map(({ instance, path }) => `${instance} ${path}`))],
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
