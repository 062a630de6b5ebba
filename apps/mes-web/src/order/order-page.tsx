import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation, useNavigate, useParams } from 'react-router';
import { getOrder, getOrderHistory, type OrderDto, type OrderHistoryDto } from '../api/client';
import { dataOf, Problem } from '../api/problem';
import { useFormats } from '../language/formats';
import { usePollingInterval } from '../live/live-context';
import { mayMoveOrders } from '../session/session';
import { useSession } from '../session/session-context';
import { Failure } from '../shell/failure';
import { useNow } from '../shell/use-now';
import { useTitle } from '../shell/use-title';
import { Due } from '../orders/due';
import { JobSheet } from '../orders/job-sheet';
import { MoveButtons } from '../orders/move-buttons';
import { PriorityMark, StatusMark } from '../orders/marks';
import './order-page.css';

/** One order: its data, the buttons to move it, and its history. */
export function OrderPage(): ReactNode {
  const { t } = useTranslation();
  const session = useSession();
  const navigate = useNavigate();
  const { key } = useLocation();
  const { id = '' } = useParams();
  const refetchInterval = usePollingInterval();
  const order = useQuery({
    queryKey: ['order', id],
    queryFn: ({ signal }) => dataOf(getOrder({ id }, { signal })),
    refetchInterval,
  });
  const history = useQuery({
    queryKey: ['history', id],
    queryFn: ({ signal }) => dataOf(getOrderHistory({ id }, { signal })),
    refetchInterval,
  });
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
          {mayMoveOrders(session) && <MoveButtons order={order.data} />}
          <div className="order-columns">
            <Details order={order.data} />
            <section aria-labelledby="history">
              <h2 id="history">{t('order.history')}</h2>
              <Timeline order={order.data} history={history.data} />
            </section>
          </div>
          <JobSheet order={order.data} />
        </>
      )}
    </main>
  );
}

function Details({ order }: { readonly order: OrderDto }): ReactNode {
  const { t } = useTranslation();
  const formats = useFormats();
  const now = useNow();
  const facts: [name: string, value: ReactNode][] = [
    [t('order.product'), order.product.name],
    [t('order.material'), order.material],
    [t('order.quantity'), formats.number(order.quantity)],
    [t('order.due'), <Due key="due" dueAt={order.dueAt} now={now} />],
    [t('order.comment'), order.comment],
    [t('order.customer'), `${order.customer.name} (${order.customer.id})`],
    [t('order.price'), order.price && formats.money(order.price.amount, order.price.currency)],
    [t('order.model'), order.product.modelUrl !== undefined && <ModelLink key="model" url={order.product.modelUrl} />],
    [t('order.assignee'), order.assignee],
    [t('order.source'), t(`source.${order.source}`)],
    [t('order.externalId'), order.externalId],
    [t('order.createdBy'), order.createdBy],
    [t('order.createdAt'), formats.dateAndTime(new Date(order.createdAt))],
  ];
  return (
    <dl className="facts">
      {facts
        .filter(([, value]) => value !== undefined && value !== false)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function ModelLink({ url }: { readonly url: string }): ReactNode {
  const { t } = useTranslation();
  // The URL comes from a partner. Only http(s) becomes a link: a `javascript:` URL would run in this page.
  if (!/^https?:\/\//i.test(url)) return url;
  return (
    <a href={url} target="_blank" rel="noreferrer">
      {t('order.openModel')}
    </a>
  );
}

interface TimelineProps {
  readonly order: OrderDto;
  readonly history: OrderHistoryDto | undefined;
}

function Timeline({ order, history }: TimelineProps): ReactNode {
  const { t } = useTranslation();
  const formats = useFormats();
  return (
    <ol className="timeline">
      <li>
        <strong>{t('order.created')}</strong>
        <small>
          {formats.dateAndTime(new Date(order.createdAt))}, {order.createdBy}
        </small>
      </li>
      {history?.items.map(({ version, to, by, at, comment }) => (
        <li key={version}>
          <StatusMark status={to} />
          <small>
            {formats.dateAndTime(new Date(at))}, {by}
          </small>
          {comment !== undefined && <p>{comment}</p>}
        </li>
      ))}
    </ol>
  );
}
