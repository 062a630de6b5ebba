import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { useLocation, useNavigate } from 'react-router';
import type { OrderDto } from '../api/client';
import { useLanguage } from '../language/language-context';
import { useLiveEvents } from '../live/live-context';
import { FilterBar } from '../orders/filter-bar';
import { ListOrBoard } from '../orders/list-or-board';
import {
  filtersOf,
  isInView,
  isShortSearch,
  listArgumentsOf,
  NO_FILTERS,
  parametersOf,
  type Sort,
} from '../orders/orders-view';
import { UpdateButton } from '../orders/update-button';
import { useAttendance } from '../orders/use-attendance';
import { useCalmList } from '../orders/use-calm-list';
import { useChange } from '../orders/use-change';
import { useOrders } from '../orders/use-orders';
import { useShownName } from '../orders/use-shown-name';
import { useView } from '../orders/use-view';
import { ViewsMenu } from '../orders/views-menu';
import { mayMoveOrders, maySeeAllOrders } from '../session/session';
import { useSession } from '../session/session-context';
import { Failure } from '../shell/failure';
import { useNow } from '../shell/use-now';
import { usePrinting } from '../shell/use-printing';
import { useRemembered } from '../shell/use-remembered';
import { useTitle } from '../shell/use-title';
import { reasonOf, type Reason } from './departures';
import { DEFAULT_PREFERENCES, parsePreferences } from './list-layout';
import { ListMenu } from './list-menu';
import { OrdersGrid } from './orders-grid';
import { PrintedQueue } from './printed-queue';
import { PicksBar } from './picks-bar';
import { placeAt, rememberPlace } from './places';
import { SortField } from './sort-field';
import { useDepartures } from './use-departures';
import { usePicks } from './use-picks';
import { useQueueTotals } from './use-queue-totals';
import { useTakeSeveral } from './use-take-several';
import './queue-page.css';

const NO_ORDERS: readonly OrderDto[] = [];

/** The queue of new orders, updated live. While somebody is at it, nothing moves. */
export function QueuePage(): ReactNode {
  const { t } = useLanguage();
  const session = useSession();
  const mayTake = mayMoveOrders(session);
  const navigate = useNavigate();
  const { key: entry } = useLocation();
  const [place] = useState(() => placeAt(session.subject, entry));
  const now = useNow();
  const printing = usePrinting();
  const [preferences, setPreferences] = useRemembered('mes.list', parsePreferences, DEFAULT_PREFERENCES);
  const [shared, change] = useView();
  // New orders are assigned to nobody.
  const view = useMemo(() => ({ ...shared, assignee: NO_FILTERS.assignee }), [shared]);
  const { orders: loaded = NO_ORDERS, hasMore, query, needMore } = useOrders(listArgumentsOf('NEW', view, now));
  const orders = useMemo(() => loaded.filter((order) => isInView(view, order, now)), [loaded, view, now]);

  const departures = useDepartures();
  const { of: reasons, lingering, note, keepOnly } = departures;
  const attendance = useAttendance();
  const wantedName = parametersOf(view).toString();
  const name = useShownName(wantedName, query.data === undefined, query.isPlaceholderData);
  const isShown = name === wantedName;
  const list = useCalmList({ orders, hasMore }, { name, held: attendance.attended, lingering });
  const { rows, waiting, left } = list;
  const changeOrder = useChange();
  const totals = useQueueTotals(view, { orders: isShown ? orders : undefined, hasMore }, now);
  useTitle(totals ?? t('queue.title'));

  useEffect(() => {
    keepOnly(rows);
  }, [keepOnly, rows]);

  useLiveEvents((event) => {
    if (event.type !== 'order.status-changed') return;
    const { id, status, version, assignee, by = assignee } = event.order;
    if (status === 'NEW' || !rows.some((order) => order.id === id)) return;
    const reason: Reason =
      status !== 'MANUFACTURING_STARTED' || by === undefined
        ? { kind: 'gone', status: status as OrderDto['status'] }
        : by === session.subject
          ? { kind: 'yours' }
          : { kind: 'taken-by', by };
    note(id, { reason, version });
  });

  const canBePicked = useCallback(
    (order: OrderDto) => mayTake && reasonOf(order, reasons, left) === undefined,
    [mayTake, reasons, left],
  );
  const picks = usePicks(rows, canBePicked, place?.picked);
  const remember = useCallback(
    (chosenId: string | undefined) => {
      rememberPlace(session.subject, entry, { chosenId, picked: picks.ids });
    },
    [session, entry, picks.ids],
  );

  const takeSeveral = useTakeSeveral();
  const takePicked = (): void => {
    const picked = rows.filter(({ id }) => picks.ids.has(id));
    picks.clear();
    void takeSeveral(picked);
  };

  const open = ({ id }: OrderDto): void => {
    // The click that opens an order also selects it, but the list is gone before it knows.
    remember(id);
    void navigate(`/orders/${id}`);
  };
  const changeSort = (sort: Sort): void => {
    change({ ...view, sort });
  };
  const grid = useRef<HTMLDivElement>(null);

  return (
    <main className="queue" id="content" aria-busy={query.isFetching && !isShown}>
      <div className="queue-heading">
        <h1>{t('queue.title')}</h1>
        <span className="queue-count">{totals}</span>
        <div className="held" role="status" {...attendance.listeners}>
          <UpdateButton list={list} onUpdated={() => grid.current?.focus({ preventScroll: true })}>
            {waiting.size > 0 ? t('held.arrived', { count: waiting.size }) : t('held.changed')}
          </UpdateButton>
        </div>
        <span className="queue-keys">{mayTake && t('several.keys')}</span>
        <ListMenu preferences={preferences} onChange={setPreferences} />
        {maySeeAllOrders(session) && <ListOrBoard shown="list" />}
      </div>
      <FilterBar view={view} onChange={change} field={<SortField sort={view.sort} onChange={changeSort} />}>
        <ViewsMenu shown="list" view={view} onChoose={change} />
      </FilterBar>
      {query.isPending && <p className="state">{t('loading')}</p>}
      {query.isError && !query.data && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {query.data && (
        <div className="queue-list" {...attendance.listeners}>
          <OrdersGrid
            ref={grid}
            label={t('queue.title')}
            orders={rows}
            departures={reasons}
            left={left}
            arrived={list.arrived}
            name={name ?? ''}
            now={now}
            preferences={preferences}
            sort={view.sort}
            onSort={changeSort}
            hasMore={hasMore}
            onNeedMore={needMore}
            empty={
              <p className="state">
                {t(filtersOf(view) > 0 ? 'queue.emptyFiltered' : 'queue.empty')}
                {isShortSearch(view) && ` ${t('filters.searchShort')}`}
              </p>
            }
            chosenId={place?.chosenId}
            onChosen={remember}
            onOpen={open}
            picks={mayTake ? picks : undefined}
            onTake={mayTake ? (order) => void changeOrder({ order, to: 'MANUFACTURING_STARTED' }) : undefined}
            onTakePicked={takePicked}
          />
          {picks.ids.size > 0 && <PicksBar picks={picks} onTake={takePicked} />}
        </div>
      )}
      {/* While another list is shown in place of this one, orders may be missing. */}
      {printing && query.data && !query.isPlaceholderData && (
        <PrintedQueue view={view} orders={orders} hasMore={hasMore} totals={totals} />
      )}
    </main>
  );
}
