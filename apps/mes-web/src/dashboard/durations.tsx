import type { ReactNode } from 'react';
import type { DurationDto, ThroughputDashboardDto } from '../api/client';
import { useLanguage } from '../language/language-context';

const KINDS = ['timeToStart', 'timeToComplete'] as const;
const PERIODS = ['lastDay', 'lastWeek'] as const;
const SECOND = 1_000;

interface DurationsProps {
  readonly throughput: ThroughputDashboardDto;
}

/** How long orders wait for their start, and how long their production takes: of half of them, and of nine out of ten. */
export function Durations({ throughput }: DurationsProps): ReactNode {
  const { t } = useLanguage();
  return (
    <section aria-labelledby="durations" className="panel">
      <h2 id="durations">{t('dashboard.durations')}</h2>
      <table className="durations">
        <thead>
          <tr>
            <td />
            {PERIODS.map((period) => (
              <th scope="col" key={period}>
                {t(`dashboard.periods.${period}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {KINDS.map((kind) => (
            <tr key={kind}>
              <th scope="row">{t(`dashboard.${kind}`)}</th>
              {PERIODS.map((period) => (
                <td key={period}>
                  <Duration of={throughput[kind][period]} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface DurationProps {
  readonly of: DurationDto;
}

function Duration({ of: { count, median, p90 } }: DurationProps): ReactNode {
  const { t, formats } = useLanguage();
  if (median === null || p90 === null) return '–';
  return (
    <>
      <strong>{t('dashboard.half', { time: formats.longDuration(median * SECOND) })}</strong>
      <span>{t('dashboard.nineOfTen', { time: formats.longDuration(p90 * SECOND) })}</span>
      <small>{t('dashboard.ofOrders', { count })}</small>
    </>
  );
}
