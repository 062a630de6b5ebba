import type { ReactNode } from 'react';
import type { OrderHistoryDto } from '../api/client';
import { useLanguage } from '../language/language-context';
import { StatusMark } from '../orders/marks';
import type { Status } from '../orders/permissions';
import { useNow } from '../shell/use-now';
import { timesOf } from './timeline-entries';

interface TimeInStatusProps {
  readonly history: OrderHistoryDto;
}

/** For how long an order had each status, up to now. */
export function TimeInStatus({ history }: TimeInStatusProps): ReactNode {
  const { t, formats } = useLanguage();
  const times = timesOf(history, useNow());
  const longest = Math.max(1, ...times.map(([, time]) => time));
  return (
    <section aria-labelledby="times">
      <h2 id="times">{t('times.title')}</h2>
      <dl className="times">
        {times.map(([status, time]) => (
          <div key={status} aria-current={isCurrent(status, history) || undefined}>
            <dt>
              <StatusMark status={status} />
            </dt>
            <dd>
              <span className="bar" style={{ inlineSize: `${String((100 * time) / longest)}%` }} />
              {formats.longDuration(time)}
              {isCurrent(status, history) && <small> · {t('times.now')}</small>}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function isCurrent(status: Status, { current }: OrderHistoryDto): boolean {
  return status === current.status;
}
