import { useState } from 'react';
import type { OrderDto } from '../api/client';
import { NONE } from '../orders/calm-list';

/** The most orders that the API changes at once. */
export const MOST_PICKS = 50;

/** The orders that are selected to be taken together. */
export interface Picks {
  readonly ids: ReadonlySet<string>;
  readonly toggle: (id: string) => void;
  /** Selects the range of orders between this one and the one that was toggled last. */
  readonly extendTo: (id: string) => void;
  readonly clear: () => void;
}

/**
 * The selected orders, in the order of their rows. They stay selected when the list is refreshed. An order that leaves the list, or
 * can no longer be taken, is deselected.
 *
 * @param initial ids of the orders that are selected at first
 * @param canBePicked a new function means that its results may have changed
 */
export function usePicks(
  rows: readonly OrderDto[],
  canBePicked: (order: OrderDto) => boolean,
  initial: ReadonlySet<string> = NONE,
): Picks {
  const [{ ids, ...last }, setState] = useState({
    ids: initial,
    anchor: undefined as string | undefined,
    rows,
    canBePicked,
  });
  const isCurrent = last.rows === rows && last.canBePicked === canBePicked;
  const current = isCurrent ? ids : keep(ids, rows, canBePicked);
  if (!isCurrent) setState({ ids: current, anchor: last.anchor, rows, canBePicked });

  const set = (next: ReadonlySet<string>, anchor?: string): void => {
    setState({ ids: keep(next, rows, canBePicked), anchor, rows, canBePicked });
  };
  const toggle = (id: string): void => {
    set(current.has(id) ? new Set([...current].filter((one) => one !== id)) : new Set(current).add(id), id);
  };
  const extendTo = (id: string): void => {
    const from = rows.findIndex((order) => order.id === last.anchor);
    const to = rows.findIndex((order) => order.id === id);
    if (from < 0 || to < 0) {
      toggle(id);
      return;
    }
    const range = rows.slice(Math.min(from, to), Math.max(from, to) + 1);
    set(new Set([...current, ...range.map((order) => order.id)]), id);
  };
  const clear = (): void => {
    set(NONE);
  };
  return { ids: current, toggle, extendTo, clear };
}

function keep(
  ids: ReadonlySet<string>,
  rows: readonly OrderDto[],
  canBePicked: (order: OrderDto) => boolean,
): ReadonlySet<string> {
  if (ids.size === 0) return ids;
  const kept = rows.filter((order) => ids.has(order.id) && canBePicked(order)).slice(0, MOST_PICKS);
  return new Set(kept.map(({ id }) => id));
}
