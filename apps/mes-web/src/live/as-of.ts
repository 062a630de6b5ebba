import { useQueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { timeOfApi } from '../api/clock';
import { useNow } from '../shell/use-now';
import { activeQueries } from './freshness';
import { useLiveState } from './live-context';

/**
 * The time for which the data on the screen is right, by the clock of the API: now while the page is live, or else when the oldest of
 * it was loaded. Paper, unlike the screen, has no banner that warns of old data.
 */
export function useAsOf(): Date | undefined {
  const isLive = useLiveState() === 'live';
  const oldest = useOldestUpdate();
  const now = useNow();
  return isLive ? now : oldest;
}

/** When the oldest data on the screen was loaded, by the clock of the API. Undefined if there is no data. */
export function useOldestUpdate(): Date | undefined {
  const queries = useQueryClient();
  const oldest = useSyncExternalStore(
    (onChange) => queries.getQueryCache().subscribe(onChange),
    () => {
      const times = activeQueries(queries)
        .map(({ state }) => state.dataUpdatedAt)
        .filter((time) => time > 0);
      return times.length > 0 ? Math.min(...times) : undefined;
    },
  );
  return oldest === undefined ? undefined : new Date(timeOfApi(oldest));
}
