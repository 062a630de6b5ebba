import { isMove } from '../orders/change';
import type { KnownChange } from '../orders/known-changes';
import type { Status } from '../orders/permissions';

/** The last status change of an order. */
export interface LastMove {
  readonly status: Status;
  /** The version of the order after it. */
  readonly version: number;
  /** Whether the user has made it. */
  readonly isOwn: boolean;
}

/** The last status changes, by the ids of their orders. The latest one is the last. */
export type LastMoves = ReadonlyMap<string, LastMove>;

/** More orders than leave a column while somebody is at it. */
export const MOST_MOVES = 500;

/** The status changes with one more, unless a later one of the same order is known. The oldest ones are forgotten. */
export function withMove(moves: LastMoves, id: string, move: LastMove): LastMoves {
  if ((moves.get(id)?.version ?? 0) >= move.version) return moves;
  const others = [...moves].filter(([one]) => one !== id);
  return new Map([...others.slice(1 - MOST_MOVES), [id, move]]);
}

/**
 * The status changes with those that were asked for on this page and have been made meanwhile.
 *
 * @param before what was known before
 */
export function withOwnMoves(
  moves: LastMoves,
  before: ReadonlyMap<string, KnownChange>,
  now: ReadonlyMap<string, KnownChange>,
): LastMoves {
  return [...now].reduce((all, [id, { ended }]) => {
    if (ended?.outcome.kind !== 'moved' || !isMove(ended.change)) return all;
    const { version } = ended.outcome;
    if (before.get(id)?.ended?.outcome.version === version) return all;
    return withMove(all, id, { status: ended.change.to, version, isOwn: true });
  }, moves);
}
