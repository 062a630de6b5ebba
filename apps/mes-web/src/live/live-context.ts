import { createContext, useContext, useEffect, useEffectEvent } from 'react';
import type { LiveEvent } from './live-events';

/**
 * - `connecting`: the event stream is not open yet, or the page woke up and has not refreshed its data.
 * - `live`: the stream is open, and the data on the screen is up to date.
 * - `lost`: the stream broke. The page polls.
 * - `stale`: the data on the screen cannot be refreshed.
 * - `offline`: the browser has no network.
 * - `none`: the user may not read events. The page polls.
 */
export type LiveState = 'connecting' | 'live' | 'lost' | 'stale' | 'offline' | 'none';

export interface Live {
  readonly state: LiveState;
  readonly isFresh: boolean;
  /** Calls `onEvent` for every event until the returned function is called. */
  readonly subscribe: (onEvent: (event: LiveEvent) => void) => () => void;
}

export const LiveContext = createContext<Live>({
  state: 'connecting',
  isFresh: true,
  subscribe: () => () => undefined,
});

/** The time between two polls while there is no event stream, in milliseconds. */
const POLLING_INTERVAL = 5_000;

export function useLiveState(): LiveState {
  return useContext(LiveContext).state;
}

/**
 * Whether the data on the screen was loaded since the page last woke up: after a sleep of the device, for example, it is not until
 * the refresh has succeeded. Buttons that change orders are disabled until then.
 */
export function useIsFresh(): boolean {
  return useContext(LiveContext).isFresh;
}

/** The polling interval for queries: none while the event stream is live. */
export function usePollingInterval(): number | false {
  return useLiveState() === 'live' ? false : POLLING_INTERVAL;
}

/** Calls `onEvent` for every event. */
export function useLiveEvents(onEvent: (event: LiveEvent) => void): void {
  const { subscribe } = useContext(LiveContext);
  const onLiveEvent = useEffectEvent(onEvent);
  useEffect(() => subscribe(onLiveEvent), [subscribe]);
}
