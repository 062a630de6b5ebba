import type { ReactNode } from 'react';
import type { CacheMinuteDto } from '../api/client';
import { useLanguage } from '../language/language-context';

const MINUTES = 60;
const HEIGHT = 40;

interface LastHourProps {
  readonly minutes: readonly CacheMinuteDto[];
}

/** What the cache of this instance spared the database in the last hour: a bar for each minute, and the sums as text. */
export function LastHour({ minutes }: LastHourProps): ReactNode {
  const { t, formats } = useLanguage();
  const sum = (of: 'requests' | 'spared' | 'loads'): number => minutes.reduce((total, one) => total + one[of], 0);
  const [requests, spared, loads] = [sum('requests'), sum('spared'), sum('loads')];
  const most = Math.max(1, ...minutes.map((one) => Math.max(one.spared + one.loads, 1)));
  const [first] = minutes;
  return (
    <div className="last-hour">
      <h3>{t('dashboard.lastHour')}</h3>
      <p>
        {requests === 0
          ? t('dashboard.noRequests')
          : t('dashboard.relief', {
              share: formats.percent(spared / requests),
              requests: formats.number(requests),
              loads: formats.number(loads),
            })}{' '}
        {first && minutes.length < MINUTES && t('dashboard.sinceStart', { time: formats.time(new Date(first.minute)) })}
      </p>
      <svg viewBox={`0 0 ${MINUTES} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {minutes.map((one, i) => {
          const [x, high, low] = [
            MINUTES - minutes.length + i,
            (one.spared / most) * HEIGHT,
            (one.loads / most) * HEIGHT,
          ];
          return (
            <g key={one.minute}>
              <rect className="spared" x={x + 0.1} y={HEIGHT - high - low} width={0.8} height={high} />
              <rect className="loads" x={x + 0.1} y={HEIGHT - low} width={0.8} height={low} />
            </g>
          );
        })}
      </svg>
      <ul className="legend">
        <li className="spared">{t('dashboard.fromCache')}</li>
        <li className="loads">{t('dashboard.loads')}</li>
      </ul>
    </div>
  );
}
