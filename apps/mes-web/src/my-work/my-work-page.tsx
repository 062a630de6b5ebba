import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useFormats } from '../language/formats';
import { mayMoveOrders } from '../session/session';
import { useSession } from '../session/session-context';
import { Failure } from '../shell/failure';
import { useNow } from '../shell/use-now';
import { useTitle } from '../shell/use-title';
import { Due } from '../orders/due';
import { MoveButtons } from '../orders/move-buttons';
import { PriorityMark, StatusMark } from '../orders/marks';
import { useOrders } from '../orders/use-orders';
import './my-work-page.css';

/** The orders in progress that are assigned to the user, due soonest first. */
export function MyWorkPage(): ReactNode {
  const { t } = useTranslation();
  const formats = useFormats();
  const session = useSession();
  const now = useNow();
  const { orders, query } = useOrders({
    assignee: [session.subject],
    status: ['MANUFACTURING_STARTED', 'MANUFACTURING_COMPLETED', 'PACKAGING', 'ON_HOLD'],
    sort: 'dueAt',
  });

  useTitle(orders ? t('mine.documentTitle', { count: orders.length }) : t('mine.title'));

  return (
    <main className="my-work" id="content" aria-busy={query.isPending}>
      <h1>{t('mine.title')}</h1>
      {query.isPending && <p className="state">{t('loading')}</p>}
      {query.isError && !orders && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {orders?.length === 0 && (
        <p className="state">
          {t('mine.empty')} <Link to="/">{t('mine.toQueue')}</Link>
        </p>
      )}
      <ul className="cards">
        {orders?.map((order) => (
          <li key={order.id} className="card">
            <div className="card-heading">
              <h2>
                <Link to={`/orders/${order.id}`}>{t('order.heading', { number: order.number })}</Link>
              </h2>
              <StatusMark status={order.status} />
              <PriorityMark priority={order.priority} />
            </div>
            <p>
              <bdi>{order.product.name}</bdi>, <bdi>{order.material}</bdi> × {formats.number(order.quantity)}
              <br />
              <bdi>{order.customer.name}</bdi>
            </p>
            {order.comment !== undefined && (
              <p className="card-comment" dir="auto">
                {order.comment}
              </p>
            )}
            <p className="card-due">
              {t('order.due')}: <Due dueAt={order.dueAt} now={now} />
            </p>
            {mayMoveOrders(session) && <MoveButtons order={order} />}
          </li>
        ))}
      </ul>
      {query.hasNextPage && (
        <button
          type="button"
          disabled={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage({ cancelRefetch: false })}
        >
          {t(query.isFetchingNextPage ? 'queue.loadingMore' : 'mine.more')}
        </button>
      )}
    </main>
  );
}
