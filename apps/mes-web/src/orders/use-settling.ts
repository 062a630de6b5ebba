import { useState } from 'react';
import type { OrderDto } from '../api/client';
import { useJustChanged } from '../shell/use-just-changed';

/** Whether rows have just moved by themselves: a finger that was aimed at one would press another. */
export function useSettling(rows: readonly OrderDto[]): boolean {
  const [{ last, moves }, setState] = useState({ last: rows, moves: 0 });
  if (last !== rows) setState({ last: rows, moves: isMoved(last, rows) ? moves + 1 : moves });
  return useJustChanged(moves);
}

/** Whether another row is where one was. */
function isMoved(before: readonly OrderDto[], now: readonly OrderDto[]): boolean {
  return before.some(({ id }, index) => index < now.length && now[index]?.id !== id);
}
