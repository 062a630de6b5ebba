import { onlineManager, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormats } from '../language/formats';
import { useLiveState } from './live-context';

/** Interruptions shorter than this are not shown, for example while an instance is replaced. In milliseconds. */
const DELAY = 1_500;

/** A warning that the data on the screen may be out of date, with the time of the last update. */
export function ConnectionBanner(): ReactNode {
  const { t } = useTranslation();
  const formats = useFormats();
  const queries = useQueryClient();
  const state = useLiveState();
  const online = useSyncExternalStore(
    (onChange) => onlineManager.subscribe(onChange),
    () => onlineManager.isOnline(),
  );
  const lost = state === 'lost' || !online;
  const [since, setSince] = useState<Date>();

  useEffect(() => {
    if (!lost) return undefined;
    const began = new Date();
    const timer = setTimeout(() => {
      setSince(began);
    }, DELAY);
    return () => {
      clearTimeout(timer);
      setSince(undefined);
    };
  }, [lost]);

  if (!since) return null;
  // Polling may have updated the data after the connection was lost. The oldest data on the screen decides.
  const updates = queries
    .getQueryCache()
    .findAll({ type: 'active' })
    .map((query) => query.state.dataUpdatedAt);
  const asOf = updates.length > 0 && Math.min(...updates) > 0 ? new Date(Math.min(...updates)) : since;
  return (
    <div className="banner" role="alert">
      <strong>{t(online ? 'connection.lost' : 'connection.offline')}</strong>{' '}
      {t('connection.asOf', { time: formats.time(asOf) })}
    </div>
  );
}
