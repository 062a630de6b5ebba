import { onlineManager, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore, type ReactNode } from 'react';
import type { Session } from '../session/session';
import { useSession } from '../session/session-context';
import { Freshness } from './freshness';
import { LiveContext, type LiveState } from './live-context';
import type { LiveEvent, StreamState } from './live-events';
import { SharedStream } from './shared-stream';
import { ThrottledTask } from './throttled-task';
import { watchWakeUps } from './wake-ups';

/** The shortest time between two refreshes, in milliseconds. */
const MINIMUM_PAUSE = 100;

interface LiveUpdatesProps {
  readonly children: ReactNode;
}

/** Listens to the events of the API, and refreshes the queries on the screen when one arrives or the page wakes up. */
export function LiveUpdates({ children }: LiveUpdatesProps): ReactNode {
  const session = useSession();
  const queries = useQueryClient();
  const [stream, setStream] = useState<StreamState>('connecting');
  const [freshness] = useState(() => new Freshness(queries));
  const isFresh = useSyncExternalStore(freshness.subscribe, freshness.isFresh);
  const isFailing = useSyncExternalStore(freshness.subscribe, freshness.isFailing);
  const isOnline = useSyncExternalStore(subscribeToOnline, isBrowserOnline);
  const subscribers = useRef(new Set<(event: LiveEvent) => void>());

  useEffect(() => freshness.watch(), [freshness]);

  useEffect(() => {
    const refreshing = new ThrottledTask(() => freshness.refresh(), MINIMUM_PAUSE);
    let last: StreamState = 'connecting';
    const shared = new SharedStream(userOf(session), session, ({ state, event }) => {
      if (event) for (const subscriber of subscribers.current) subscriber(event);
      if (event || (state === 'live' && last !== 'live')) refreshing.request();
      last = state;
      setStream(state);
    });
    const stopWatching = watchWakeUps((mayBeDead) => {
      // A hidden page leaves the lead to a visible one.
      if (mayBeDead && !document.hidden) shared.lead('connecting');
      else shared.check();
      freshness.wakeUp();
    });
    return () => {
      stopWatching();
      shared.close();
    };
  }, [session, freshness]);

  const subscribe = useCallback((onEvent: (event: LiveEvent) => void) => {
    subscribers.current.add(onEvent);
    return () => {
      subscribers.current.delete(onEvent);
    };
  }, []);
  const state = stateOf({ stream, isFresh, isFailing, isOnline });
  const live = useMemo(() => ({ state, isFresh, subscribe }), [state, isFresh, subscribe]);
  return <LiveContext value={live}>{children}</LiveContext>;
}

interface Facts {
  readonly stream: StreamState;
  readonly isFresh: boolean;
  readonly isFailing: boolean;
  readonly isOnline: boolean;
}

function stateOf({ stream, isFresh, isFailing, isOnline }: Facts): LiveState {
  if (!isOnline) return 'offline';
  if (stream === 'lost') return 'lost';
  if (isFailing) return 'stale';
  return isFresh ? stream : 'connecting';
}

/** Tabs share a stream only if the API answers their users in the same way. */
function userOf({ subject, roles }: Session): string {
  return JSON.stringify([subject, [...roles].sort()]);
}

function subscribeToOnline(onChange: () => void): () => void {
  return onlineManager.subscribe(onChange);
}

function isBrowserOnline(): boolean {
  return onlineManager.isOnline();
}
