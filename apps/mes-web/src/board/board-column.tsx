import { useEffect, useId, useRef, useState, type PointerEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { OrderDto } from '../api/client';
import { useFormats } from '../language/formats';
import { useAttendance } from '../orders/use-attendance';
import { useCalmList } from '../orders/use-calm-list';
import type { Status } from '../orders/permissions';
import { useOrders } from '../orders/use-orders';
import { useSettling } from '../orders/use-settling';
import { Failure } from '../shell/failure';
import { BoardCard } from './board-card';
import { dropOf, listOf, type BoardStatus } from './board-columns';
import { COLUMN_ATTRIBUTE, type Drag } from './use-card-drag';

const NO_ORDERS: readonly OrderDto[] = [];
const NO_IDS: ReadonlySet<string> = new Set();
/** The next page loads when less than this is left below, in pixels. */
const NEAR_THE_END = 800;

interface BoardColumnProps {
  readonly status: BoardStatus;
  /** The exact number of orders. Undefined if it is not known. */
  readonly count: number | undefined;
  readonly now: Date;
  readonly drag: Drag | undefined;
  /** Ids of the orders whose moves are under way. */
  readonly sending: ReadonlySet<string>;
  /** Where the orders went that left a column lately. */
  readonly movedTo: ReadonlyMap<string, Status>;
  /** Ids of the orders that the user has moved. Their cards are shown at once. */
  readonly own: ReadonlySet<string>;
  readonly onPress: (event: PointerEvent, order: OrderDto) => void;
  /** Undefined if the user may not move orders. */
  readonly onMove: ((order: OrderDto) => void) | undefined;
}

/** The orders with one status. While somebody is at them, they keep their places. */
export function BoardColumn(props: BoardColumnProps): ReactNode {
  const { status, count, now, drag, sending, movedTo, own, onPress, onMove } = props;
  const { t } = useTranslation();
  const formats = useFormats();
  const titleId = useId();
  const { orders, query } = useOrders(listOf(status));
  const attendance = useAttendance();
  const list = useCalmList(
    { orders: orders ?? NO_ORDERS, hasMore: query.hasNextPage },
    { name: orders && status, held: attendance.attended, lingering: NO_IDS },
  );
  const { rows, waiting, left, refresh } = list;
  const isSettling = useSettling(rows);
  const cards = useRef<HTMLUListElement>(null);
  const [activeId, setActiveId] = useState<string>();
  const tabStop = rows.some(({ id }) => id === activeId) ? activeId : rows[0]?.id;

  const refreshed = useRef(refresh);
  useEffect(() => {
    refreshed.current = refresh;
  });
  const hasOwn = [...waiting].some((id) => own.has(id));
  useEffect(() => {
    if (hasOwn) refreshed.current();
  }, [hasOwn]);

  const needMore = (): void => {
    const { scrollHeight = 0, scrollTop = 0, clientHeight = 0 } = cards.current ?? {};
    if (query.hasNextPage && !query.isFetchingNextPage && scrollHeight - scrollTop - clientHeight < NEAR_THE_END) {
      void query.fetchNextPage({ cancelRefetch: false });
    }
  };
  const drop = drag && dropOf(drag.order, status);
  const isChanged = waiting.size > 0 || (attendance.attended && left.size > 0) || list.reordered;
  return (
    <section
      className={['board-column', drop && `drop-${drop}`, drag?.over === status && 'over'].filter(Boolean).join(' ')}
      aria-labelledby={titleId}
      aria-busy={query.isPending}
      {...{ [COLUMN_ATTRIBUTE]: status }}
      {...attendance.listeners}
    >
      <div className="board-column-head">
        <h2 id={titleId}>{t(`status.${status}`)}</h2>
        {count !== undefined && <span className="board-count">{formats.number(count)}</span>}
      </div>
      {query.isError && !orders && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <p className="state">{t('loading')}</p>}
      {orders && rows.length === 0 && <p className="state">{t('board.empty')}</p>}
      <ul ref={cards} className="board-cards" onScroll={needMore}>
        {rows.map((order) => {
          const isSending = sending.has(order.id);
          const isGone = left.has(order.id);
          const isStill = isGone || isSending || isSettling || !onMove || order.nextStatuses.length === 0;
          return (
            <li
              key={order.id}
              id={`order-${order.id}`}
              className={[
                'board-card',
                isGone && 'departing',
                isSending && 'sending',
                list.arrived.has(order.id) && 'arrived',
                drag?.order.id === order.id && 'lifted',
              ]
                .filter(Boolean)
                .join(' ')}
              onPointerDown={
                isStill
                  ? undefined
                  : (event) => {
                      onPress(event, order);
                    }
              }
              onFocus={() => {
                setActiveId(order.id);
              }}
            >
              <BoardCard
                order={order}
                now={now}
                isTabStop={order.id === tabStop}
                isSending={isSending}
                goneTo={isGone ? (movedTo.get(order.id) ?? 'unknown') : undefined}
                onMove={isGone || isSending ? undefined : onMove}
              />
            </li>
          );
        })}
      </ul>
      {drop && drop !== 'stay' && (
        <div className="board-drop" aria-hidden="true">
          <span>{t(drop === 'refuse' ? 'board.notPossible' : 'board.dropHere')}</span>
        </div>
      )}
      <div className="board-held" role="status">
        {!drag && isChanged && (
          <button type="button" className="primary" onClick={refresh}>
            {waiting.size > 0 ? t('board.arrived', { count: waiting.size }) : t('board.update')}
          </button>
        )}
      </div>
    </section>
  );
}
