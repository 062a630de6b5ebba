import { useLayoutEffect, useRef, useState } from 'react';
import type { OrderDto } from '../api/client';
import { REACTION_TIME } from '../shell/use-just-changed';
import { neighbourOf } from './departures';

interface Choice {
  readonly id: string | undefined;
  readonly choose: (id: string | undefined) => void;
  /** Called when the selected order comes into sight. */
  readonly show: () => void;
  /** Whether the user has had the time to see which order is selected. */
  readonly isSeen: () => boolean;
}

/**
 * The selected order. When it leaves, its neighbour is selected.
 *
 * @param initialId the order that is selected at first, if it is in the list
 * @param canBeTaken tells whether an order is still to be taken. It must be the same function as long as the answers are the same.
 */
export function useChoice(
  initialId: string | undefined,
  rows: readonly OrderDto[],
  canBeTaken: (order: OrderDto) => boolean,
): Choice {
  const [{ id, ...last }, setChoice] = useState({ id: initialId, rows, canBeTaken, byPage: 0 });
  const { byPage } = last;
  const changedAt = useRef(-Infinity);
  // Before the browser can report a key.
  useLayoutEffect(() => {
    if (byPage > 0) changedAt.current = performance.now();
  }, [byPage]);

  const choose = (next: string | undefined): void => {
    changedAt.current = -Infinity;
    setChoice((choice) => ({ ...choice, id: next }));
  };
  const show = (): void => {
    changedAt.current = performance.now();
  };
  const isSeen = (): boolean => performance.now() - changedAt.current >= REACTION_TIME;
  if (last.rows === rows && last.canBeTaken === canBeTaken) return { id, choose, show, isSeen };

  const selected = id === undefined ? undefined : (rows.find((row) => row.id === id) ?? 'left');
  const stays = selected === undefined || (selected !== 'left' && canBeTaken(selected));
  const was = last.rows.some((row) => row.id === id);
  const next = id === undefined || stays || !was ? id : (neighbourOf(id, last.rows, rows, canBeTaken) ?? id);
  setChoice({ id: next, rows, canBeTaken, byPage: next === id ? byPage : byPage + 1 });
  return { id: next, choose, show, isSeen };
}
