import { createContext, useContext, useEffect } from 'react';
import type { LiveEvent, LiveState } from './live-events';

export interface Live {
  readonly state: LiveState;
  /** Calls somebody for every event, until the returned function is called. */
  readonly subscribe: (onEvent: (event: LiveEvent) => void) => () => void;
}

export const LiveContext = createContext<Live>({ state: 'connecting', subscribe: () => () => undefined });

/** How often to ask again while no events come, in milliseconds. */
const POLLING_INTERVAL = 5_000;

export function useLiveState(): LiveState {
  return useContext(LiveContext).state;
}

/** How often a query is to be made again by itself: not at all while events tell when. */
export function usePollingInterval(): number | false {
  return useLiveState() === 'live' ? false : POLLING_INTERVAL;
}

/** Calls `onEvent`, which must not change from one rendering to the next, for every event. */
export function useLiveEvents(onEvent: (event: LiveEvent) => void): void {
  const { subscribe } = useContext(LiveContext);
  useEffect(() => subscribe(onEvent), [subscribe, onEvent]);
}
