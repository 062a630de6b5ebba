import type { Call } from './history/call.js';
import type { RecordedRun, StoredOrder } from './history/stored-order.js';
import type { Replacement } from './system/system.js';

/** How soon instances must have noticed that the database is in another state, in milliseconds. */
export const NOTICED_WITHIN_MS = 10_000;

/** All calls, and what the database held when they began and when they were over. */
export interface WholeRun {
  readonly calls: readonly Call[];
  readonly before: readonly StoredOrder[];
  readonly after: readonly StoredOrder[];
}

/**
 * The histories to be checked: one, or two if the database was replaced. The first one ends where that begins. The second one
 * has the writes since its end, but reads only from when it must have been noticed.
 */
export function recordedRuns({ calls, before, after }: WholeRun, replacement?: Replacement): readonly RecordedRun[] {
  if (!replacement) return [{ calls, before: versionsOf(before), after }];
  const { began, ended } = replacement;
  const noticed = ended + NOTICED_WITHIN_MS;
  const isInSecond = ({ start, mark }: Call): boolean => start > noticed || (mark !== undefined && start > ended);
  return [
    { calls: calls.filter(({ end }) => end < began), before: versionsOf(before), after: replacement.before },
    { calls: calls.filter(isInSecond), before: versionsOf(replacement.after), after },
  ];
}

function versionsOf(orders: readonly StoredOrder[]): ReadonlyMap<string, number> {
  return new Map(orders.map(({ id, version }) => [id, version]));
}
