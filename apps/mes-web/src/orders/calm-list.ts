import type { OrderDto } from '../api/client';

/** A list of orders as far as it is loaded. */
export interface LoadedList {
  readonly orders: readonly OrderDto[];
  /** Whether further orders follow that are not loaded. */
  readonly hasMore: boolean;
}

/** The rows on the screen, and how they differ from the loaded list. */
export interface CalmList {
  readonly rows: readonly OrderDto[];
  /** Ids of the orders that are not among the rows yet. */
  readonly waiting: ReadonlySet<string>;
  /** Ids of the rows whose orders are no longer in the list. */
  readonly left: ReadonlySet<string>;
  /** Whether the list has other orders than the rows, or has them in other places. */
  readonly isChanged: boolean;
  readonly hasMore: boolean;
}

/** No ids. */
export const NONE: ReadonlySet<string> = new Set();

/** A list without orders. */
export const EMPTY: CalmList = { rows: [], waiting: NONE, left: NONE, isChanged: false, hasMore: false };

/**
 * The rows follow the list. Orders that have just left it stay in their places for a moment.
 *
 * @param lingering ids of the orders that may stay
 */
export function follow(last: CalmList, { orders, hasMore }: LoadedList, lingering: ReadonlySet<string>): CalmList {
  const present = lingering.size > 0 ? idsOf(orders) : NONE;
  const leaving = lingering.size > 0 ? last.rows.filter(({ id }) => lingering.has(id) && !present.has(id)) : [];
  return {
    rows: leaving.length > 0 ? withLeaving(last.rows, orders, idsOf(leaving)) : orders,
    waiting: NONE,
    left: idsOf(leaving),
    isChanged: false,
    hasMore,
  };
}

/**
 * The rows keep their places. Only their contents are renewed, and rows are added below the last one: this moves nothing.
 */
export function hold(last: CalmList, { orders, hasMore }: LoadedList): CalmList {
  const current = new Map(orders.map((order) => [order.id, order]));
  const kept = last.rows.map((row) => current.get(row.id) ?? row);
  const shown = idsOf(kept);
  const added = last.hasMore ? unknownAtTheEnd(orders, (id) => shown.has(id) || last.waiting.has(id)) : [];
  for (const { id } of added) shown.add(id);

  const positions = new Map(orders.map(({ id }, index) => [id, index]));
  const inList = kept.flatMap(({ id }) => positions.get(id) ?? []);
  const isReordered = inList.some((position, index) => position < (inList[index - 1] ?? 0));
  const waiting = new Set(orders.flatMap(({ id }) => (shown.has(id) ? [] : id)));
  const left = leftOf(kept, current, hasMore);
  return {
    rows: added.length > 0 ? [...kept, ...added] : kept,
    waiting,
    left,
    isChanged: waiting.size > 0 || left.size > 0 || isReordered,
    hasMore,
  };
}

/** The orders at the end of the list that follow all known ones: a further page, or orders that moved up from it. */
function unknownAtTheEnd(orders: readonly OrderDto[], isKnown: (id: string) => boolean): readonly OrderDto[] {
  return orders.slice(orders.findLastIndex(({ id }) => isKnown(id)) + 1);
}

/** Ids of the rows that are no longer in the list. Rows at the end may have been pushed to a page that is not loaded. */
function leftOf(
  rows: readonly OrderDto[],
  current: ReadonlyMap<string, unknown>,
  hasMore: boolean,
): ReadonlySet<string> {
  const end = hasMore ? rows.findLastIndex(({ id }) => current.has(id)) : rows.length;
  return new Set(rows.slice(0, Math.max(0, end)).flatMap(({ id }) => (current.has(id) ? [] : id)));
}

/** The orders of the list with those that are leaving it, in their old places. */
function withLeaving(
  before: readonly OrderDto[],
  now: readonly OrderDto[],
  leaving: ReadonlySet<string>,
): readonly OrderDto[] {
  const present = idsOf(now);
  const shown = [...now];
  let after = -1;
  for (const order of before) {
    if (present.has(order.id)) {
      after = shown.findIndex(({ id }) => id === order.id);
    } else if (leaving.has(order.id)) {
      after += 1;
      shown.splice(after, 0, order);
    }
  }
  return shown;
}

function idsOf(orders: readonly OrderDto[]): Set<string> {
  return new Set(orders.map(({ id }) => id));
}
