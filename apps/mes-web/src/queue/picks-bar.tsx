import type { ReactNode } from 'react';
import { useLanguage } from '../language/language-context';
import { useIsFresh } from '../live/live-context';
import { MOST_PICKS, type Picks } from './use-picks';

interface PicksBarProps {
  readonly picks: Picks;
  readonly onTake: () => void;
}

/** The bar below the list that takes the selected orders. It covers the list, so that no row moves. */
export function PicksBar({ picks, onTake }: PicksBarProps): ReactNode {
  const { t } = useLanguage();
  const isFresh = useIsFresh();
  const count = picks.ids.size;
  return (
    <div className="picks" role="region" aria-label={t('several.label')}>
      <span role="status">{t(count === MOST_PICKS ? 'several.most' : 'several.selected', { count })}</span>
      <button type="button" className="primary" disabled={!isFresh} onClick={onTake}>
        {t('several.take', { count })}
      </button>
      <button type="button" onClick={picks.clear}>
        {t('several.clear')}
      </button>
    </div>
  );
}
