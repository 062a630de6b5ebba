import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation, useNavigate, useParams } from 'react-router';
import { Problem } from '../api/problem';
import { usePollingInterval } from '../live/live-context';
import { Failure } from '../shell/failure';
import { useTitle } from '../shell/use-title';
import { HoldNote } from '../orders/hold-note';
import { JobSheet } from '../orders/job-sheet';
import { MoveButtons } from '../orders/move-buttons';
import { PriorityMark, StatusMark } from '../orders/marks';
import { orderHistory } from '../orders/order-history';
import { orderQuery } from '../orders/order-query';
import { OrderFacts } from './order-facts';
import { OrderTimeline } from './order-timeline';
import { TimeInStatus } from './time-in-status';
import './order-page.css';

/** One order: its data, the buttons to change it, and its history. */
export function OrderPage(): ReactNode {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { key } = useLocation();
  const { id = '' } = useParams();
  const refetchInterval = usePollingInterval();
  const order = useQuery({ ...orderQuery(id), refetchInterval });
  const history = useQuery({ ...orderHistory(id), refetchInterval });
  useTitle(t('order.heading', { number: order.data?.number ?? '…' }));
  const isMissing = order.error instanceof Problem && order.error.status < 500;

  return (
    <main className="order" id="content" aria-busy={order.isPending}>
      {/* An order that was opened by its address has nothing to go back to. */}
      <button type="button" onClick={() => void (key === 'default' ? navigate('/') : navigate(-1))}>
        ‹ {t('order.back')}
      </button>
      {order.isPending && <p className="state">{t('loading')}</p>}
      {order.isError && (!order.data || isMissing) && (
        <Failure error={order.error} onRetry={() => void order.refetch()} />
      )}
      {order.data && !isMissing && (
        <>
          <div className="order-heading">
            <h1>{t('order.heading', { number: order.data.number })}</h1>
            <StatusMark status={order.data.status} />
            <PriorityMark priority={order.data.priority} />
          </div>
          <HoldNote order={order.data} />
          <MoveButtons order={order.data} />
          <div className="order-columns">
            <OrderFacts order={order.data} />
            <div>
              {history.data && <TimeInStatus history={history.data} />}
              <section aria-labelledby="history">
                <h2 id="history">{t('order.history')}</h2>
                <OrderTimeline order={order.data} history={history.data} />
              </section>
            </div>
          </div>
          <JobSheet order={order.data} />
        </>
      )}
    </main>
  );
}
