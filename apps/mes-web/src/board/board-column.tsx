import {
  useEffect,
  useEffectEvent,
  useId,
  useMemo,
  useRef,
  useState,
  type PointerEvent,
  type ReactNode,
  type UIEvent,
} from 'react';
import type { OrderDto } from '../api/client';
import { useLanguage } from '../language/language-context';
import type { KnownChange } from '../orders/known-changes';
import {
  countedFilterOf,
  filtersOf,
  isInView,
  isShortSearch,
  listArgumentsOf,
  mayHave,
  nameOf,
  type OrdersView,
} from '../orders/orders-view';
import type { Status } from '../orders/permissions';
import { UpdateButton } from '../orders/update-button';
import { useAttendance } from '../orders/use-attendance';
import { useCalmList } from '../orders/use-calm-list';
import { useListTotal, type Total } from '../orders/use-counts';
import { useOrders } from '../orders/use-orders';
import { useSettling } from '../orders/use-settling';
import { useShownName } from '../orders/use-shown-name';
import { useSession } from '../session/session-context';
import { Failure } from '../shell/failure';
import { useScrollPlace } from '../shell/use-scroll-place';
import { BoardCard } from './board-card';
import { dropOf, sortOf, type BoardStatus } from './board-columns';
import type { LastMoves } from './last-moves';
import { COLUMN_ATTRIBUTE, type Drag } from './use-card-drag';

/** The next page loads when less than this is left below, in pixels. */
const NEAR_THE_END = 800;

interface BoardColumnProps {
  readonly status: BoardStatus;
  readonly view: OrdersView;
  /** The number of orders without filters. Undefined if it is not known. */
  readonly all: Total | undefined;
  readonly now: Date;
  readonly drag: Drag | undefined;
  /** What the page knows of orders by the changes that were asked for on it. */
  readonly known: ReadonlyMap<string, KnownChange>;
  /** Where the orders went that left a column lately. Those that the user has moved are shown at once. */
  readonly moves: LastMoves;
  readonly onPress: (event: PointerEvent, order: OrderDto) => void;
  /** Undefined if the user may not move orders. */
  readonly onMove: ((order: OrderDto) => void) | undefined;
}

/** The orders with one status that fit the filters. While somebody is at them, they keep their places. */
export function BoardColumn(props: BoardColumnProps): ReactNode {
  const { status, view, all, now, drag, known, moves, onPress, onMove } = props;
  const { t } = useLanguage();
  const session = useSession();
  const { formats } = useLanguage();
  const titleId = useId();
  const isFiltered = filtersOf(view) > 0;
  const sorted = { ...view, sort: sortOf(status) };
  const mayFit = mayHave(status, view);
  const wanted = mayFit ? listArgumentsOf(status, sorted, now) : undefined;
  const { orders: loaded, hasMore, query, needMore } = useOrders(wanted);
  const orders = useMemo(() => loaded?.filter((order) => isInView(view, order, now)), [loaded, view, now]);
  const wantedName = nameOf(view);
  const name = useShownName(wantedName, query.data === undefined, query.isPlaceholderData);
  const isShown = name === wantedName;
  const fitting = useListTotal(wantedName, isFiltered && mayFit ? countedFilterOf(status, view, now) : undefined, {
    orders: isShown ? orders : undefined,
    hasMore,
  });
  const total = isFiltered ? fitting : all;
  const attendance = useAttendance();
  const list = useCalmList({ orders, hasMore }, { name, held: attendance.attended });
  const { rows, waiting, left } = list;
  const isSettling = useSettling(rows);
  const cards = useRef<HTMLUListElement>(null);
  const [activeId, setActiveId] = useState<string>();
  const tabStop = rows.some(({ id }) => id === activeId) ? activeId : rows[0]?.id;

  const place = useScrollPlace(status);
  const scrollToPlace = useEffectEvent(() => cards.current?.scrollTo({ top: place.last() }));
  useEffect(() => {
    scrollToPlace();
  }, [name]);

  const refresh = useEffectEvent(list.refresh);
  const hasOwn = [...waiting].some((id) => moves.get(id)?.isOwn);
  useEffect(() => {
    if (hasOwn) refresh();
  }, [hasOwn]);

  const onScroll = ({ currentTarget: { scrollHeight, scrollTop, clientHeight } }: UIEvent): void => {
    place.remember(scrollTop);
    if (scrollHeight - scrollTop - clientHeight < NEAR_THE_END) needMore();
  };
  const focusCards = (): void => {
    const arrived = cards.current?.querySelector<HTMLElement>('.arrived a');
    const tabStopLink = cards.current?.querySelector<HTMLElement>('a[tabindex="0"]');
    if (arrived) arrived.focus();
    else (tabStopLink ?? cards.current)?.focus({ preventScroll: true });
  };
  /** An order that is still in this status does not fit the filters any more. */
  const goneTo = ({ id }: OrderDto): Status | 'unknown' => {
    const to = moves.get(id)?.status;
    return to === undefined || to === status ? 'unknown' : to;
  };
  const drop = drag && dropOf(drag.order, status, session);
  return (
    <section
      className={['board-column', drop && `drop-${drop}`, drag?.over === status && 'over'].filter(Boolean).join(' ')}
      aria-labelledby={titleId}
      aria-busy={query.isFetching && !isShown}
      {...{ [COLUMN_ATTRIBUTE]: status }}
      {...attendance.listeners}
    >
      <div className="board-column-head">
        <h2 id={titleId} title={t(`status.${status}`)}>
          {t(`status.${status}`)}
        </h2>
        {total && (
          <span className="board-count">
            {total.isExact ? formats.number(total.count) : t('board.atLeast', { number: formats.number(total.count) })}
          </span>
        )}
      </div>
      {query.isError && !orders && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <p className="state">{t('loading')}</p>}
      {orders && rows.length === 0 && (
        <p className="state">
          {t(isFiltered ? 'board.emptyFiltered' : 'board.empty')}
          {isShortSearch(view) && `. ${t('filters.searchShort')}`}
        </p>
      )}
      <ul ref={cards} className="board-cards" tabIndex={-1} onScroll={onScroll}>
        {rows.map((order) => {
          const isSending = known.get(order.id)?.underWay !== undefined;
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
                goneTo={isGone ? goneTo(order) : undefined}
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
        {!drag && (
          <UpdateButton list={list} onUpdated={focusCards}>
            {waiting.size > 0 ? t('board.arrived', { count: waiting.size }) : t('board.update')}
          </UpdateButton>
        )}
      </div>
    </section>
  );
}
