import type { Move } from './change';
import { useChange, type Outcome } from './use-change';

export type { Move } from './change';
export type { Status } from './permissions';
export type { Outcome } from './use-change';

/** Returns a function that changes the status of an order and shows the result as a notice. */
export function useMove(): (move: Move) => Promise<Outcome> {
  return useChange();
}
