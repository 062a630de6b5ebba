import type { Snapshot } from './snapshot.js';

/**
 * A position in the log: after all events that are visible in `before`, and after those up to `seq` that became visible in
 * `batch`. A sequence number alone does not suffice, because transactions commit in another order than they take numbers.
 */
export interface Position {
  /** The `database_state()` of the snapshots. They are meaningless in another state. */
  readonly state: string;
  readonly before: Snapshot;
  readonly batch: Snapshot;
  /** A decimal number, as text because it may exceed JavaScript's numbers. */
  readonly seq: string;
}

/** The position after all events that are visible in a snapshot. */
export function completeAt(state: string, snapshot: Snapshot): Position {
  return { state, before: snapshot, batch: snapshot, seq: '0' };
}

export function isComplete({ before, batch }: Position): boolean {
  return before === batch;
}

/** Whether two positions are after the same events. */
export function isSame(one: Position, other: Position): boolean {
  return (
    one.state === other.state &&
    one.before === other.before &&
    one.batch === other.batch &&
    (isComplete(one) || one.seq === other.seq)
  );
}
