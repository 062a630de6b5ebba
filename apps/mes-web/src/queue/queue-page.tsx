import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation, useNavigate, useSearchParams } from 'react-router';
import type { OrderDto } from '../api/client';
import { useLiveEvents } from '../live/live-context';
import { ListOrBoard } from '../orders/list-or-board';
import { UpdateButton } from '../orders/update-button';
import { useAttendance } from '../orders/use-attendance';
import { useCalmList } from '../orders/use-calm-list';
import { useChange, type Outcome } from '../orders/use-change';
import { useOrders } from '../orders/use-orders';
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
import { QueueFilters } from './queue-filters';
import { filtersOf, isInView, listArgumentsOf, parametersOf, viewOf, type QueueView } from './queue-view';
import { PicksBar } from './picks-bar';
import { useDepartures } from './use-departures';
import { usePicks } from './use-picks';
import { useQueueTotals } from './use-queue-totals';
import { useTakeSeveral } from './use-take-several';
import { ViewsMenu } from './views-menu';
import './queue-page.css';

const NO_ORDERS: readonly OrderDto[] = [];

/** The state of a history entry: the row to select after navigating back. */
interface HistoryState {
  readonly chosenId: string;
}

/** The queue of new orders, updated live. While somebody is at it, nothing moves. */
export function QueuePage(): ReactNode {
  const { t } = useTranslation();
  const session = useSession();
  const mayTake = mayMoveOrders(session);
  const navigate = useNavigate();
  const location = useLocation();
  const now = useNow();
  const printing = usePrinting();
  const [preferences, setPreferences] = useRemembered('mes.list', parsePreferences, DEFAULT_PREFERENCES);
  const [parameters, setParameters] = useSearchParams();
  const view = useMemo(() => viewOf(parameters), [parameters]);
  const { orders: loaded = NO_ORDERS, hasMore, query, needMore } = useOrders(listArgumentsOf(view, now));
  const orders = useMemo(() => loaded.filter((order) => isInView(view, order, now)), [loaded, view, now]);

  const departures = useDepartures();
  const { of: reasons, lingering, note, withdraw, keepOnly } = departures;
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
    // For moves made on this page, the response gives the reason.
    if (status === 'NEW' || (reasons.get(id)?.version ?? 0) >= version || !rows.some((order) => order.id === id))
      return;
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
  const picks = usePicks(rows, canBePicked);

  const begin = (order: OrderDto): void => {
    note(order.id, { reason: { kind: 'taking' }, version: order.version + 1 });
  };
  const end = (order: OrderDto, outcome: Outcome): void => {
    if (outcome.kind === 'failed') {
      withdraw(order.id);
      return;
    }
    const { version } = outcome;
    if (outcome.kind === 'moved') note(order.id, { reason: { kind: 'yours' }, version });
    else if (outcome.by !== undefined) note(order.id, { reason: { kind: 'taken-by', by: outcome.by }, version });
    else note(order.id, { reason: { kind: 'gone', status: outcome.status }, version });
  };

  const take = async (order: OrderDto): Promise<void> => {
    begin(order);
    end(order, await changeOrder({ order, to: 'MANUFACTURING_STARTED' }));
  };
  const takeSeveral = useTakeSeveral(end);
  const takePicked = (): void => {
    const picked = rows.filter(({ id }) => picks.ids.has(id));
    picks.clear();
    picked.forEach(begin);
    void takeSeveral(picked);
  };

  /** Opens an order. Navigating back selects its row again. */
  const open = async ({ id }: OrderDto): Promise<void> => {
    await navigate(location.search, { replace: true, state: { chosenId: id } satisfies HistoryState });
    await navigate(`/orders/${id}`);
  };
  const change = (next: QueueView, replace = false): void => {
    setParameters(parametersOf(next), { replace });
  };
  const materials = useMemo(() => [...new Set(loaded.map(({ material }) => material))].sort(), [loaded]);
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
        {maySeeAllOrders(session) && <ListOrBoard shown="list" />}
      </div>
      <div className="queue-tools">
        <QueueFilters view={view} materials={materials} onChange={change} />
        <div className="queue-menus">
          <ViewsMenu view={view} onChoose={change} />
          <ListMenu preferences={preferences} onChange={setPreferences} />
        </div>
      </div>
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
            onSort={(sort) => {
              change({ ...view, sort });
            }}
            hasMore={hasMore}
            onNeedMore={needMore}
            empty={<p className="state">{t(filtersOf(view) > 0 ? 'queue.emptyFiltered' : 'queue.empty')}</p>}
            chosenId={(location.state as HistoryState | null)?.chosenId}
            onOpen={(order) => void open(order)}
            picks={mayTake ? picks : undefined}
            onTake={mayTake ? (order) => void take(order) : undefined}
            onTakePicked={takePicked}
          />
          {picks.ids.size > 0 && <PicksBar picks={picks} onTake={takePicked} />}
        </div>
      )}
      {printing && <PrintedQueue orders={orders} hasMore={hasMore} now={now} />}
    </main>
  );
}

/** The name of the list on the screen. While another one loads, this is still the last one. */
function useShownName(name: string, isPending: boolean, isPlaceholder: boolean): string | undefined {
  const [shown, setShown] = useState<string>();
  const next = isPending ? undefined : isPlaceholder ? shown : name;
  if (next !== shown) setShown(next);
  return next;
}
