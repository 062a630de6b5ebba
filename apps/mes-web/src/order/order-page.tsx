import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useLocation, useNavigate, useParams } from 'react-router';
import { isMissing } from '../api/problem';
import { useLanguage } from '../language/language-context';
import { usePollingInterval } from '../live/live-context';
import { Failure } from '../shell/failure';
import { useTitle } from '../shell/use-title';
import { HoldNote, orderHistory } from '../orders/hold-note';
import { MoveButtons } from '../orders/move-buttons';
import { PriorityMark, StatusMark } from '../orders/marks';
import { orderQuery } from '../orders/order-query';
import { JobSheet } from './job-sheet';
import { OrderFacts } from './order-facts';
import { OrderTimeline } from './order-timeline';
import { TimeInStatus } from './time-in-status';
import './order-page.css';

/** One order: its data, the buttons to change it, and its history. */
export function OrderPage(): ReactNode {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const { key } = useLocation();
  const { id = '' } = useParams();
  const refetchInterval = usePollingInterval();
  const order = useQuery({ ...orderQuery(id), refetchInterval });
  const history = useQuery({ ...orderHistory(id), refetchInterval });
  const data = isMissing(order.error) ? undefined : order.data;
  const heading = t('order.heading', { number: data?.number ?? '…' });
  useTitle(heading);

  return (
    <main className="order" id="content" aria-busy={order.isPending}>
      {/* An order that was opened by its address has nothing to go back to. */}
      <button type="button" onClick={() => void (key === 'default' ? navigate('/') : navigate(-1))}>
        ‹ {t('order.back')}
      </button>
      {data && <JobSheet order={data} />}
      <div className="order-heading">
        <h1>{heading}</h1>
        {data && (
          <>
            <StatusMark status={data.status} />
            <PriorityMark priority={data.priority} />
          </>
        )}
      </div>
      {order.isPending && <p className="state">{t('loading')}</p>}
      {order.isError && !data && <Failure error={order.error} onRetry={() => void order.refetch()} />}
      {data && (
        <>
          <div className="order-moves">
            <MoveButtons order={data} />
            <HoldNote order={data} />
          </div>
          <div className="order-columns">
            <OrderFacts order={data} />
            <div>
              {history.data && <TimeInStatus history={history.data} />}
              <section aria-labelledby="history">
                <h2 id="history">{t('order.history')}</h2>
                <OrderTimeline order={data} history={history.data} />
                {history.isPending && <p className="state">{t('loading')}</p>}
                {history.isError && !history.data && (
                  <Failure error={history.error} onRetry={() => void history.refetch()} />
                )}
              </section>
            </div>
          </div>
        </>
      )}
    </main>
  );
}
