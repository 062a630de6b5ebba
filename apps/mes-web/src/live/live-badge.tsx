import type { ReactNode } from 'react';
import { useLanguage } from '../language/language-context';
import { useLiveState } from './live-context';

/** Says whether the page follows the events of the API. Offline it says nothing: the banner does. */
export function LiveBadge(): ReactNode {
  const { t } = useLanguage();
  const state = useLiveState();
  if (state === 'offline') return null;
  return (
    <span className={`live live-${state}`} role="status">
      <span>{t(state === 'lost' || state === 'stale' ? 'connection.connecting' : `connection.${state}`)}</span>
    </span>
  );
}
