import type { Snapshot } from './snapshot.js';

/**
 * What of the log somebody has had: all that is visible in `before`, and of what became visible in `batch` all up to `seq`.
 *
 * A sequence number alone would not do: transactions commit in another order than they take their numbers.
 */
export interface Position {
  /** The `database_state()` that the snapshots belong to: they say nothing of a database in another state. */
  readonly state: string;
  readonly before: Snapshot;
  readonly batch: Snapshot;
  /** A decimal number, which may be larger than JavaScript's. */
  readonly seq: string;
}

/** Of somebody who has had all that is visible in this snapshot. */
export function completeAt(state: string, snapshot: Snapshot): Position {
  return { state, before: snapshot, batch: snapshot, seq: '0' };
}

export function isComplete({ before, batch }: Position): boolean {
  return before === batch;
}

/** Whether whoever is at one has had the same as whoever is at the other. */
export function isSame(one: Position, other: Position): boolean {
  return (
    one.state === other.state &&
    one.before === other.before &&
    one.batch === other.batch &&
    (isComplete(one) || one.seq === other.seq)
  );
}
