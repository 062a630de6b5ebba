import { onlineManager, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormats } from '../language/formats';
import { useLiveState } from './live-context';

/** Short interruptions, such as an instance that is replaced by another one, are nobody's concern, in milliseconds. */
const PATIENCE = 1_500;

/** Says that what is shown may be out of date, and since when. */
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
    }, PATIENCE);
    return () => {
      clearTimeout(timer);
      setSince(undefined);
    };
  }, [lost]);

  if (!since) return null;
  // Polling may have brought something newer than the last event.
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
