import { createContext, useContext, useEffect } from 'react';
import type { LiveEvent, LiveState } from './live-events';

export interface Live {
  readonly state: LiveState;
  /** Calls `onEvent` for every event until the returned function is called. */
  readonly subscribe: (onEvent: (event: LiveEvent) => void) => () => void;
}

export const LiveContext = createContext<Live>({ state: 'connecting', subscribe: () => () => undefined });

/** The time between two polls while there is no event stream, in milliseconds. */
const POLLING_INTERVAL = 5_000;

export function useLiveState(): LiveState {
  return useContext(LiveContext).state;
}

/** The polling interval for queries: none while the event stream is live. */
export function usePollingInterval(): number | false {
  return useLiveState() === 'live' ? false : POLLING_INTERVAL;
}

/** Calls `onEvent` for every event. It must be the same function in every rendering. */
export function useLiveEvents(onEvent: (event: LiveEvent) => void): void {
  const { subscribe } = useContext(LiveContext);
  useEffect(() => subscribe(onEvent), [subscribe, onEvent]);
}
