import type { Snapshot } from './snapshot.js';

/**
 * What of the log somebody has had: all that is visible in `before`, and of what became visible in `batch` all up to `seq`.
 *
 * A sequence number alone would not do: transactions commit in another order than they take their numbers.
 */
export interface Position {
  readonly before: Snapshot;
  readonly batch: Snapshot;
  /** A decimal number, which may be larger than JavaScript's. */
  readonly seq: string;
}

/** Of somebody who has had all that is visible in this snapshot. */
export function completeAt(snapshot: Snapshot): Position {
  return { before: snapshot, batch: snapshot, seq: '0' };
}

export function isComplete({ before, batch }: Position): boolean {
  return before === batch;
}
