import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore, type ReactNode } from 'react';
import { useLanguage } from '../language/language-context';
import { useNow } from '../shell/use-now';
import { activeQueries } from './freshness';
import { useLiveState } from './live-context';

/** Interruptions shorter than this are not shown, for example while an instance is replaced. In milliseconds. */
const DELAY = 1_500;

/** A warning that the data on the screen may be out of date, with the time of the last update. */
export function ConnectionBanner(): ReactNode {
  const { t, formats } = useLanguage();
  const state = useLiveState();
  const isInterrupted = state === 'lost' || state === 'stale' || state === 'offline';
  const isLong = useIsLong(isInterrupted);
  const asOf = useOldestUpdate();
  const now = useNow();

  // Being offline is certain at once.
  if (!isInterrupted || (!isLong && state !== 'offline')) return null;
  return (
    <div className="banner" role="alert">
      <strong>{t(`connection.${state}`)}</strong>
      {asOf > 0 && ` ${t('connection.asOf', { time: formats.timeSince(new Date(asOf), now) })}`}
    </div>
  );
}

/** Whether the interruption has lasted for longer than the delay. */
function useIsLong(isInterrupted: boolean): boolean {
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    if (!isInterrupted) return undefined;
    const timer = setTimeout(() => {
      setLong(true);
    }, DELAY);
    return () => {
      clearTimeout(timer);
      setLong(false);
    };
  }, [isInterrupted]);
  return isLong;
}

/** When the oldest data on the screen was loaded, in milliseconds since 1970. 0 if there is no data. */
function useOldestUpdate(): number {
  const queries = useQueryClient();
  return useSyncExternalStore(
    (onChange) => queries.getQueryCache().subscribe(onChange),
    () => {
      const times = activeQueries(queries)
        .map(({ state }) => state.dataUpdatedAt)
        .filter((time) => time > 0);
      return times.length > 0 ? Math.min(...times) : 0;
    },
  );
}
