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

/** Makes one change of an order at a time, for the buttons of a screen. */
export function useChanging(order: OrderDto): Changing {
  const make = useChange();
  const isFresh = useIsFresh();
  const [isSending, setIsSending] = useState(false);
  /** The version of the order that was changed. The buttons of the next version come with the refresh. */
  const [changedVersion, setChangedVersion] = useState<number>();
  // After a step, other steps are where the last ones were: a double click must not do two.
  const justMoved = useJustChanged(order.status);
  const isDisabled = isSending || !isFresh || justMoved || changedVersion === order.version;

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
    const { kind } = await make(asked);
    setIsSending(false);
    if (kind !== 'failed') setChangedVersion(order.version);
  };
  return { isSending, isDisabled, change, buttons };
}
