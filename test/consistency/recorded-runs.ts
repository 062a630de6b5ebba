import type { Call } from './history/call.js';
import type { RecordedRun, StoredOrder } from './history/stored-order.js';
import type { Replacement } from './system/system.js';

/** The time within which instances must notice a replaced database, in milliseconds. */
export const NOTICED_WITHIN_MS = 10_000;

/** All calls of a run, and the contents of the database before and after them. */
export interface WholeRun {
  readonly calls: readonly Call[];
  readonly before: readonly StoredOrder[];
  readonly after: readonly StoredOrder[];
}

/**
 * The histories to check: one, or two if the database was replaced. The first history ends where the replacement begins. The
 * second history has the writes after the replacement, and the reads after the time limit for noticing it.
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
