import { useState } from 'react';
import type { OrderDto } from '../api/client';
import { EMPTY, NONE, follow, hold, type CalmList } from './calm-list';

export interface RefreshableList extends CalmList {
  /** Shows the waiting orders, and removes those that have left. */
  readonly refresh: () => void;
  /** Ids of the orders that the last refresh has shown. */
  readonly arrived: ReadonlySet<string>;
}

interface Circumstances {
  /** The list that the user asked for. Another one is shown at once; undefined while it loads. */
  readonly name: string | undefined;
  /** Whether somebody is at the list, so that nothing may move. */
  readonly held: boolean;
  /** Ids of the orders that stay for a moment when they leave. It must be the same set as long as it does not change. */
  readonly lingering?: ReadonlySet<string>;
}

interface List {
  /** Undefined while they load. */
  readonly orders: readonly OrderDto[] | undefined;
  /** Whether further orders follow that are not loaded. */
  readonly hasMore: boolean;
}

/** The rows of a list of orders, which keep their places while somebody is at it. */
export function useCalmList({ orders = EMPTY.rows, hasMore }: List, circumstances: Circumstances): RefreshableList {
  const { name, held, lingering = NONE } = circumstances;
  const list = { orders, hasMore };
  const [last, setLast] = useState({ orders, hasMore, name, held, lingering, calm: EMPTY, arrived: NONE });

  const refresh = (): void => {
    setLast((state) => ({ ...state, calm: follow(EMPTY, list, NONE), arrived: state.calm.waiting }));
  };
  const isSame =
    last.orders === orders &&
    last.hasMore === hasMore &&
    last.name === name &&
    last.held === held &&
    last.lingering === lingering;
  if (isSame && last.calm !== EMPTY) return { ...last.calm, arrived: last.arrived, refresh };

  const isOther = last.name !== name || last.calm === EMPTY;
  const calm = isOther
    ? follow(EMPTY, list, NONE)
    : held && last.calm.rows.length > 0
      ? hold(last.calm, list)
      : follow(last.calm, list, lingering);
  const arrived = isOther ? NONE : last.arrived;
  setLast({ orders, hasMore, name, held, lingering, calm, arrived });
  return { ...calm, arrived, refresh };
}
