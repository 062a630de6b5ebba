import { useLayoutEffect, useRef, useState, type ReactNode } from 'react';
import { Link } from 'react-router';
import { useLanguage } from '../language/language-context';
import { useSession } from '../session/session-context';
import { Failure } from '../shell/failure';
import { moveFocus } from '../shell/keep-focus';
import { useNow } from '../shell/use-now';
import { useTitle } from '../shell/use-title';
import { useAttendance } from '../orders/use-attendance';
import { useCalmList } from '../orders/use-calm-list';
import { Due } from '../orders/due';
import { HoldNote } from '../orders/hold-note';
import { MoveButtons } from '../orders/move-buttons';
import { PriorityMark, StatusMark } from '../orders/marks';
import { IN_PROGRESS } from '../orders/permissions';
import { UpdateButton } from '../orders/update-button';
import { useListTotal } from '../orders/use-counts';
import { useOrders } from '../orders/use-orders';
import { useSettling } from '../orders/use-settling';
import './my-work-page.css';

/**
 * The orders in progress that are assigned to the user, due soonest first. While somebody is at them, they keep their places. A card
 * has room for all that changes, so that it never grows.
 */
export function MyWorkPage(): ReactNode {
  const { t, formats } = useLanguage();
  const session = useSession();
  const now = useNow();
  const filter = { assignee: [session.subject], status: [...IN_PROGRESS] };
  const { orders, hasMore, query, needMore } = useOrders({ ...filter, sort: 'dueAt' });
  const total = useListTotal('mine', filter, { orders, hasMore });

  const [isAsking, setIsAsking] = useState(false);
  const attendance = useAttendance(isAsking);
  const list = useCalmList({ orders, hasMore }, { name: orders && 'mine', held: attendance.attended });
  const cards = useRef<HTMLUListElement>(null);
  const isSettling = useSettling(list.rows);
  const focusCards = (): void => {
    (cards.current?.querySelector('a') ?? cards.current)?.focus();
  };
  /** How many cards there were when more were asked for: the focus goes to the next one. */
  const askedAfter = useRef<number>(undefined);
  const shown = list.rows.length;
  useLayoutEffect(() => {
    if (askedAfter.current === undefined || shown <= askedAfter.current) return;
    const next = cards.current?.children[askedAfter.current]?.querySelector('a');
    askedAfter.current = undefined;
    if (next) moveFocus(next);
  }, [shown]);
  const number = formats.number(total?.count ?? 0);
  const shownNumber = total?.isExact === false ? t('totals.moreThan', { number }) : number;
  useTitle(total ? t('mine.documentTitle', { count: total.count, number: shownNumber }) : t('mine.title'));

  return (
    <main className="my-work" id="content" aria-busy={query.isPending}>
      <div className="mine-heading">
        <h1>{t('mine.title')}</h1>
        <div className="held" role="status" {...attendance.listeners}>
          <UpdateButton list={list} onUpdated={focusCards}>
            {t('held.changed')}
          </UpdateButton>
        </div>
      </div>
      {query.isPending && <p className="state">{t('loading')}</p>}
      {query.isError && !orders && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {orders && list.rows.length === 0 && (
        <p className="state">
          {t('mine.empty')} <Link to="/">{t('mine.toQueue')}</Link>
        </p>
      )}
      <ul ref={cards} className={isSettling ? 'cards settling' : 'cards'} tabIndex={-1} {...attendance.listeners}>
        {list.rows.map((order) => (
          <li key={order.id} className={list.left.has(order.id) ? 'card departing' : 'card'}>
            <div className="card-heading">
              <h2>
                <Link to={`/orders/${order.id}`}>{t('order.heading', { number: order.number })}</Link>
              </h2>
              <PriorityMark priority={order.priority} />
              <StatusMark status={order.status} />
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
              {t('order.due')}: <Due dueAt={order.dueAt} status={order.status} now={now} />
            </p>
            <div className="card-moves">
              <MoveButtons order={order} onAsking={setIsAsking} />
              {list.left.has(order.id) && <p className="departure">{t('held.gone')}</p>}
              <HoldNote order={order} />
            </div>
          </li>
        ))}
      </ul>
      {hasMore && (
        <button
          type="button"
          disabled={query.isFetchingNextPage}
          onClick={() => {
            askedAfter.current = shown;
            needMore();
          }}
        >
          {t(query.isFetchingNextPage ? 'queue.loadingMore' : 'mine.more')}
        </button>
      )}
    </main>
  );
}
