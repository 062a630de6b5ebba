import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormats } from '../language/formats';
import { StatusMark } from '../orders/marks';
import type { Status } from '../orders/permissions';
import { useStatusCounts } from '../orders/use-counts';
import { maySeeCacheStatistics } from '../session/session';
import { useSession } from '../session/session-context';
import { Failure } from '../shell/failure';
import { useNow } from '../shell/use-now';
import { useTitle } from '../shell/use-title';
import { ArrivalsChart } from './arrivals-chart';
import { CachePanel } from './cache-panel';
import './dashboard-page.css';

/** The dashboard: orders by status, orders received per hour, and the longest wait of a new order. */
export function DashboardPage(): ReactNode {
  const { t } = useTranslation();
  const formats = useFormats();
  const session = useSession();
  const now = useNow();
  const dashboard = useStatusCounts();
  useTitle(t('dashboard.title'));
  const { data } = dashboard;
  const arrived = data?.createdLast24h.reduce((sum, { count }) => sum + count, 0) ?? 0;

  return (
    <main className="dashboard" id="content" aria-busy={dashboard.isPending}>
      <div className="dashboard-heading">
        <h1>{t('dashboard.title')}</h1>
        {data && <small>{t('dashboard.asOf', { time: formats.time(new Date(data.asOf)) })}</small>}
      </div>
      {dashboard.isPending && <p className="state">{t('loading')}</p>}
      {dashboard.isError && !data && <Failure error={dashboard.error} onRetry={() => void dashboard.refetch()} />}
      {data && (
        <>
          <section aria-label={t('dashboard.counts')}>
            <ul className="tiles">
              {(Object.entries(data.counts ?? {}) as [Status, number][]).map(([status, count]) => (
                <li key={status} className="tile">
                  <strong>{formats.number(count)}</strong>
                  <StatusMark status={status} />
                </li>
              ))}
              <li className="tile tile-wide">
                <strong>
                  {data.oldestNewOrderAt === null
                    ? '–'
                    : formats.duration(now.getTime() - Date.parse(data.oldestNewOrderAt))}
                </strong>
                <span>{t(data.oldestNewOrderAt === null ? 'dashboard.noNew' : 'dashboard.oldest')}</span>
              </li>
            </ul>
          </section>
          <section aria-labelledby="arrivals" className="panel">
            <h2 id="arrivals">{t('dashboard.arrivals')}</h2>
            <p>{t('dashboard.arrived', { count: arrived })}</p>
            <ArrivalsChart hours={data.createdLast24h} />
          </section>
        </>
      )}
      {maySeeCacheStatistics(session) && <CachePanel />}
    </main>
  );
}
