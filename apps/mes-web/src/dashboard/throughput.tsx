import type { CSSProperties, ReactNode } from 'react';
import type { ThroughputDashboardDto } from '../api/client';
import { useLanguage } from '../language/language-context';
import { daysOf, STEPS, type Day } from './days-of';

interface ThroughputProps {
  readonly throughput: ThroughputDashboardDto;
  readonly now: Date;
}

/** What was received, completed and shipped today and in the seven days before. */
export function Throughput({ throughput: { hours }, now }: ThroughputProps): ReactNode {
  const { t, formats } = useLanguage();
  return (
    <section aria-labelledby="throughput" className="panel">
      <h2 id="throughput">{t('dashboard.throughput')}</h2>
      <ul className="steps">
        {STEPS.map((step) => {
          const { days, today, usual } = daysOf(hours, step, now);
          return (
            <li key={step}>
              <h3>{t(`dashboard.steps.${step}`)}</h3>
              <p>
                <strong>{formats.number(today)}</strong>{' '}
                <small>{t('dashboard.usual', { number: formats.number(Math.round(usual)) })}</small>
              </p>
              <DayBars days={days} />
              <DayTable days={days} caption={t(`dashboard.steps.${step}`)} />
            </li>
          );
        })}
      </ul>
    </section>
  );
}

interface DayBarsProps {
  readonly days: readonly Day[];
}

/** A bar for each day. The table beside it says the same to screen readers. */
function DayBars({ days }: DayBarsProps): ReactNode {
  const { formats } = useLanguage();
  const most = Math.max(1, ...days.map(({ count }) => count));
  return (
    <div className="days" aria-hidden="true">
      {days.map(({ date, count }) => (
        <div key={date.getTime()} className="day" style={{ '--share': String(count / most) } as CSSProperties}>
          <span>{formats.number(count)}</span>
          <div className="bar" />
          <small>{formats.weekday(date)}</small>
        </div>
      ))}
    </div>
  );
}

interface DayTableProps extends DayBarsProps {
  readonly caption: string;
}

function DayTable({ days, caption }: DayTableProps): ReactNode {
  const { t, formats } = useLanguage();
  return (
    <div className="visually-hidden">
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            <th scope="col">{t('dashboard.day')}</th>
            <th scope="col">{t('dashboard.orders')}</th>
          </tr>
        </thead>
        <tbody>
          {days.map(({ date, count }) => (
            <tr key={date.getTime()}>
              <th scope="row">{formats.date(date)}</th>
              <td>{formats.number(count)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
