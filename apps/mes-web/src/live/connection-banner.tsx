import { useEffect, useState, type ReactNode } from 'react';
import { useLanguage } from '../language/language-context';
import { useNow } from '../shell/use-now';
import { useOldestUpdate } from './as-of';
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
      {asOf && ` ${t('connection.asOf', { time: formats.timeSince(asOf, now) })}`}
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
