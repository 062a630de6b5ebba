import { BarChart } from 'chartist';
import { useEffect, useRef, type ReactNode } from 'react';
import type { HourlyCountDto } from '../api/client';
import { useLanguage } from '../language/language-context';
import 'chartist/dist/index.css';

interface ArrivalsChartProps {
  readonly hours: readonly HourlyCountDto[];
}

/** Orders received per hour: a bar chart, and the same data as a table for screen readers. */
export function ArrivalsChart({ hours }: ArrivalsChartProps): ReactNode {
  const { t, formats } = useLanguage();
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<BarChart>(undefined);

  useEffect(() => {
    const data = {
      // There is room for every third label.
      labels: hours.map(({ hour }, index) => (index % 3 === 2 ? formats.hour(new Date(hour)) : '')),
      series: [hours.map(({ count }) => count)],
    };
    if (chart.current) chart.current.update(data);
    else if (place.current) {
      chart.current = new BarChart(place.current, data, {
        axisX: { showGrid: false },
        axisY: { onlyInteger: true, offset: 48 },
        low: 0,
        chartPadding: { top: 16, right: 8, bottom: 8, left: 0 },
      });
    }
  }, [hours, formats]);

  useEffect(
    () => () => {
      chart.current?.detach();
      chart.current = undefined;
    },
    [],
  );

  return (
    <>
      <div ref={place} className="arrivals" aria-hidden="true" />
      <div className="visually-hidden">
        <table>
          <caption>{t('dashboard.arrivals')}</caption>
          <thead>
            <tr>
              <th scope="col">{t('dashboard.hour')}</th>
              <th scope="col">{t('dashboard.orders')}</th>
            </tr>
          </thead>
          <tbody>
            {hours.map(({ hour, count }) => (
              <tr key={hour}>
                <th scope="row">{formats.dateAndTime(new Date(hour))}</th>
                <td>{formats.number(count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
