import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { useSession } from '../session/session-context';
import { LiveContext } from './live-context';
import { listen, type LiveEvent, type LiveState } from './live-events';
import { ThrottledTask } from './throttled-task';

/** The shortest time between two refreshes, in milliseconds. */
const MINIMUM_PAUSE = 100;

interface LiveUpdatesProps {
  readonly children: ReactNode;
}

/** Listens to the events of the API, and refreshes the queries on the screen when one arrives. */
export function LiveUpdates({ children }: LiveUpdatesProps): ReactNode {
  const session = useSession();
  const queries = useQueryClient();
  const [state, setState] = useState<LiveState>('connecting');
  const subscribers = useRef(new Set<(event: LiveEvent) => void>());

  useEffect(() => {
    const refreshing = new ThrottledTask(() => queries.invalidateQueries(), MINIMUM_PAUSE);
    const stopped = new AbortController();
    const listener = {
      onState: setState,
      onEvent: (event: LiveEvent) => {
        for (const subscriber of subscribers.current) subscriber(event);
        refreshing.request();
      },
    };
    void listen(session, listener, stopped.signal);
    return () => {
      stopped.abort();
    };
  }, [session, queries]);

  const subscribe = useCallback((onEvent: (event: LiveEvent) => void) => {
    subscribers.current.add(onEvent);
    return () => {
      subscribers.current.delete(onEvent);
    };
  }, []);
  const live = useMemo(() => ({ state, subscribe }), [state, subscribe]);
  return <LiveContext value={live}>{children}</LiveContext>;
}
