import type { ReactNode } from 'react';
import type { UseQueryResult } from '@tanstack/react-query';
import { useLanguage } from '../language/language-context';
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
import { Durations } from './durations';
import { LateOrders } from './late-orders';
import { OldestOrder } from './oldest-order';
import { Throughput } from './throughput';
import { useDueDashboard, useThroughputDashboard, useWorkloadDashboard } from './use-dashboards';
import { Workload } from './workload';
import './dashboard-page.css';

/**
 * The dashboard: what is late, what waits longest, what was done, and who works on what. Links stand above all parts
 * whose size changes, so that none moves when the numbers do.
 */
export function DashboardPage(): ReactNode {
  const { t, formats } = useLanguage();
  const session = useSession();
  const now = useNow();
  const [statuses, due, throughput, workload] = [
    useStatusCounts(),
    useDueDashboard(),
    useThroughputDashboard(),
    useWorkloadDashboard(),
  ];
  useTitle(t('dashboard.title'));
  // All parts appear at once: none moves those below it when it comes later.
  const isPending = [statuses, due, throughput, workload].some((query) => !query.isFetched);
  const { data } = statuses;
  const arrived = data?.createdLast24h.reduce((sum, { count }) => sum + count, 0) ?? 0;

  return (
    <main className="dashboard" id="content" aria-busy={isPending}>
      <div className="dashboard-heading">
        <h1>{t('dashboard.title')}</h1>
        {data && <small>{t('dashboard.asOf', { time: formats.timeSince(new Date(data.asOf), now) })}</small>}
      </div>
      {isPending ? (
        <p className="state">{t('loading')}</p>
      ) : (
        <>
          <div className="first-panels">
            <Part query={due}>{({ counts }) => <LateOrders counts={counts} />}</Part>
            <div className="side-panels">
              <Part query={statuses}>{({ oldestNewOrder }) => <OldestOrder order={oldestNewOrder} now={now} />}</Part>
              <Part query={throughput}>{(done) => <Durations throughput={done} />}</Part>
            </div>
          </div>
          <Part query={throughput}>{(done) => <Throughput throughput={done} now={now} />}</Part>
          <Part query={workload}>{(started) => <Workload workload={started} now={now} />}</Part>
          {data && (
            <>
              <section aria-labelledby="counts" className="panel">
                <h2 id="counts">{t('dashboard.counts')}</h2>
                <ul className="tiles">
                  {(Object.entries(data.counts ?? {}) as [Status, number][]).map(([status, count]) => (
                    <li key={status} className="tile">
                      <strong>{formats.number(count)}</strong>
                      <StatusMark status={status} />
                    </li>
                  ))}
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
        </>
      )}
    </main>
  );
}

interface PartProps<T> {
  readonly query: UseQueryResult<T>;
  readonly children: (data: T & {}) => ReactNode;
}

/** A part of the dashboard, or why it could not be loaded. */
function Part<T>({ query, children }: PartProps<T>): ReactNode {
  const { t } = useLanguage();
  if (query.data) return children(query.data);
  if (!query.isError) return <p className="state">{t('loading')}</p>;
  return <Failure error={query.error} onRetry={() => void query.refetch()} />;
}
