import { useEffect, useRef, useState, type RefObject } from 'react';
import type { OrderDto } from '../api/client';
import { useIsFresh } from '../live/live-context';
import { useJustChanged } from '../shell/use-just-changed';
import type { Change } from './change';
import { useChange } from './use-change';

export interface Changing {
  readonly isSending: boolean;
  readonly isDisabled: boolean;
  readonly change: (change: Change) => Promise<void>;
  /** The element with the buttons, which keeps the focus when they are replaced. */
  readonly buttons: RefObject<HTMLDivElement | null>;
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
  const [isSending, setIsSending] = useState(false);
  /** The order and version that the last change has led to. An older version on the screen is about to be replaced. */
  const [known, setKnown] = useState<Pick<OrderDto, 'id' | 'version'>>();
  const isOutdated = order.id === known?.id && order.version < known.version;
  // After a step, other steps are where the last ones were: a double click must not do two.
  const justMoved = useJustChanged(order.status);
  const isDisabled = isSending || !isFresh || justMoved || isOutdated;

  const buttons = useRef<HTMLDivElement>(null);
  const hadFocus = useRef(false);
  useEffect(() => {
    if (isDisabled || !hadFocus.current) return;
    hadFocus.current = false;
    // The browser takes the focus from buttons that are disabled or removed.
    if (document.activeElement === document.body) buttons.current?.querySelector<HTMLElement>('button')?.focus();
  }, [isDisabled]);

  const change = async (asked: Change): Promise<void> => {
    hadFocus.current = true;
    setIsSending(true);
    const outcome = await make(asked);
    setIsSending(false);
    if (outcome.kind === 'failed') return;
    setKnown({ id: asked.order.id, version: outcome.version });
    onDone?.();
  };
  return { isSending, isDisabled, change, buttons };
}
