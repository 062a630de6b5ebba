import { useState } from 'react';
import { follow, hold, type CalmList, type LoadedList } from './calm-list';

/** Shows the waiting orders, and removes those that have left. */
interface Refreshable {
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
  readonly lingering: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();
const EMPTY: CalmList = { rows: [], waiting: NONE, left: NONE, reordered: false, hasMore: false };

/** The rows of a list of orders, which keep their places while somebody is at it. */
export function useCalmList(list: LoadedList, circumstances: Circumstances): CalmList & Refreshable {
  const { orders, hasMore } = list;
  const { name, held, lingering } = circumstances;
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
