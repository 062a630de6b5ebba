import type { OrderDto } from '../api/client';
import { useIsFresh } from '../live/live-context';
import { useJustChanged } from '../shell/use-just-changed';
import type { Change } from './change';
import { useKnownChanges } from './known-changes';
import { useChange } from './use-change';

export interface Changing {
  /** The change of the order that is under way, whichever screen it was asked for on. */
  readonly underWay: Change | undefined;
  readonly isDisabled: boolean;
  readonly change: (change: Change) => Promise<void>;
}

/**
 * Makes one change of an order at a time, for the buttons of a screen.
 *
 * @param order the order that the screen shows
 * @param onDone called after a change, unless it has failed
 */
export function useChanging(order: OrderDto, onDone?: () => void): Changing {
  const make = useChange();
  const isFresh = useIsFresh();
  const { underWay, ended } = useKnownChanges().get(order.id) ?? {};
  /** Whether the version on the screen is about to be replaced. */
  const isOutdated = order.version < (ended?.outcome.version ?? 0);
  // After a step, other steps are where the last ones were: a double click must not do two.
  const justMoved = useJustChanged(order.status);
  const isDisabled = underWay !== undefined || !isFresh || justMoved || isOutdated;

  const change = async (asked: Change): Promise<void> => {
    const outcome = await make(asked);
    if (outcome.kind !== 'failed') onDone?.();
  };
  return { underWay, isDisabled, change };
}
