import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { getCacheStatistics } from '../api/client';
import { dataOf } from '../api/problem';
import { useLanguage } from '../language/language-context';
import { LastHour } from './last-hour';

/** The polling interval in milliseconds. No event announces cache hits. */
const INTERVAL = 5_000;

/** The statistics of the cache, for administrators. */
export function CachePanel(): ReactNode {
  const { t, formats } = useLanguage();
  const { data } = useQuery({
    queryKey: ['cache-statistics'],
    queryFn: ({ signal }) => dataOf(getCacheStatistics({ signal })),
    refetchInterval: INTERVAL,
  });
  if (!data) return null;
  const spared = data.hits + data.collapsed;
  return (
    <section aria-labelledby="cache" className="panel">
      <h2 id="cache">{t('dashboard.cache')}</h2>
      <p className={data.available ? undefined : 'late'}>
        {t(data.available ? 'dashboard.trusted' : 'dashboard.bypassed')}
      </p>
      <LastHour minutes={data.lastHour} />
      <h3>{t('dashboard.everSince')}</h3>
      <meter min={0} max={1} value={data.hitRatio} aria-label={t('dashboard.hitRatio')} />
      <ul className="tiles">
        <li className="tile">
          <strong>{formats.percent(data.hitRatio)}</strong>
          <span>{t('dashboard.hitRatio')}</span>
        </li>
        <li className="tile">
          <strong>{formats.number(spared)}</strong>
          <span>{t('dashboard.spared')}</span>
        </li>
        <li className="tile">
          <strong>{formats.number(data.loads)}</strong>
          <span>{t('dashboard.loads')}</span>
        </li>
        <li className="tile">
          <strong>{formats.number(data.nearHits)}</strong>
          <span>{t('dashboard.nearHits')}</span>
        </li>
      </ul>
    </section>
  );
}
