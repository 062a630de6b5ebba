import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation, useNavigate, useSearchParams } from 'react-router';
import type { OrderDto } from '../api/client';
import { useFormats } from '../language/formats';
import { useLiveEvents } from '../live/live-context';
import type { LiveEvent } from '../live/live-events';
import { useAttendance } from '../orders/use-attendance';
import { useCalmList } from '../orders/use-calm-list';
import { useMove } from '../orders/use-move';
import { useOrders, useTotal } from '../orders/use-orders';
import { mayMoveOrders } from '../session/session';
import { useSession } from '../session/session-context';
import { Failure } from '../shell/failure';
import { useNow } from '../shell/use-now';
import { usePrinting } from '../shell/use-printing';
import { useRemembered } from '../shell/use-remembered';
import { useTitle } from '../shell/use-title';
import { DEFAULT_PREFERENCES, parsePreferences } from './list-layout';
import { ListMenu } from './list-menu';
import { OrdersGrid } from './orders-grid';
import { PrintedQueue } from './printed-queue';
import { QueueFilters } from './queue-filters';
import { filtersOf, isInView, listArgumentsOf, parametersOf, viewOf, type QueueView, type Sort } from './queue-view';
import { useDepartures } from './use-departures';
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
  const navigate = useNavigate();
  const location = useLocation();
  const now = useNow();
  const formats = useFormats();
  const printing = usePrinting();
  const [preferences, setPreferences] = useRemembered('mes.list', parsePreferences, DEFAULT_PREFERENCES);
  const [parameters, setParameters] = useSearchParams();
  const view = useMemo(() => viewOf(parameters), [parameters]);
  const asked = listArgumentsOf(view, now);
  const { orders: loaded = NO_ORDERS, query } = useOrders(asked);
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = query;
  const orders = useMemo(() => loaded.filter((order) => isInView(view, order, now)), [loaded, view, now]);

  const departures = useDepartures();
  const { of: reasons, lingering, note, withdraw, keepOnly } = departures;
  const attendance = useAttendance();
  const name = useShownName(parametersOf(view).toString(), query.data === undefined, query.isPlaceholderData);
  const list = useCalmList({ orders, hasMore: hasNextPage }, { name, held: attendance.attended, lingering });
  const { rows, waiting, left, reordered } = list;
  const move = useMove();
  // Of what is overdue, the API counts a little more than the page shows.
  const total = useTotal(asked, hasNextPage && view.due !== 'overdue');
  const isAllKnown = total?.isExact ?? !hasNextPage;
  const count = total?.count ?? orders.length;
  useTitle(t(isAllKnown ? 'queue.documentTitle' : 'queue.documentTitleMore', { count }));
  const shownCount = rows.length - left.size;

  const latest = useRef({ rows, reasons });
  useEffect(() => {
    latest.current = { rows, reasons };
  });
  useEffect(() => {
    keepOnly(rows);
  }, [keepOnly, rows]);

  useLiveEvents(
    useCallback(
      (event: LiveEvent) => {
        if (event.type !== 'order.status-changed') return;
        const { id, status, version, assignee, by = assignee } = event.order;
        const { rows: shown, reasons: known } = latest.current;
        // For moves made on this page, the response gives the reason.
        if (status === 'NEW' || (known.get(id)?.version ?? 0) >= version || !shown.some((order) => order.id === id))
          return;
        const reason =
          status === 'MANUFACTURING_STARTED' && by !== undefined
            ? ({ kind: 'taken-by', by } as const)
            : ({ kind: 'gone', status: status as OrderDto['status'] } as const);
        note(id, { reason, version });
      },
      [note],
    ),
  );

  const take = async (order: OrderDto): Promise<void> => {
    const version = order.version + 1;
    note(order.id, { reason: { kind: 'taking' }, version });
    const outcome = await move({ order, to: 'MANUFACTURING_STARTED' });
    if (outcome.kind === 'failed') withdraw(order.id);
    else if (outcome.kind === 'moved') note(order.id, { reason: { kind: 'yours' }, version });
    else if (outcome.by !== undefined) note(order.id, { reason: { kind: 'taken-by', by: outcome.by }, version });
    else note(order.id, { reason: { kind: 'gone', status: outcome.status }, version });
  };

  /** Opens an order. Navigating back selects its row again. */
  const open = useStable(async ({ id }: OrderDto): Promise<void> => {
    await navigate(location.search, { replace: true, state: { chosenId: id } satisfies HistoryState });
    await navigate(`/orders/${id}`);
  });
  const change = (next: QueueView, replace = false): void => {
    setParameters(parametersOf(next), { replace });
  };
  const sortBy = useStable((sort: Sort) => {
    change({ ...view, sort });
  });

  const needMore = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage({ cancelRefetch: false });
  }, [isFetchingNextPage, fetchNextPage]);
  const materials = useMemo(() => [...new Set(loaded.map(({ material }) => material))].sort(), [loaded]);
  const isChanged = waiting.size > 0 || (attendance.attended && left.size > 0) || reordered;

  return (
    <main className="queue" id="content" aria-busy={query.isPending || query.isPlaceholderData}>
      <div className="queue-heading">
        <h1>{t('queue.title')}</h1>
        <span className="queue-count">
          {query.data && !hasNextPage && t('queue.count', { count: shownCount })}
          {hasNextPage &&
            (total?.isExact
              ? t('queue.countOf', { count: shownCount, total: formats.number(total.count) })
              : t('queue.countMore', { count: shownCount }))}
        </span>
        <div className="held" role="status" {...attendance.listeners}>
          {isChanged && (
            <button type="button" className="primary" onClick={list.refresh}>
              {waiting.size > 0 ? t('held.arrived', { count: waiting.size }) : t('held.changed')}
            </button>
          )}
        </div>
        <span className="queue-keys">{mayMoveOrders(session) && t('queue.keys')}</span>
      </div>
      <div className="queue-tools">
        <QueueFilters view={view} materials={materials} onChange={change} />
        <ListMenu preferences={preferences} onChange={setPreferences} />
      </div>
      {query.isPending && <p className="state">{t('loading')}</p>}
      {query.isError && !query.data && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {query.data && (
        <div className="queue-list" {...attendance.listeners}>
          <OrdersGrid
            label={t('queue.title')}
            orders={rows}
            departures={reasons}
            left={left}
            arrived={list.arrived}
            name={name ?? ''}
            now={now}
            preferences={preferences}
            sort={view.sort}
            onSort={sortBy}
            hasMore={hasNextPage}
            onNeedMore={needMore}
            empty={<p className="state">{t(filtersOf(view) > 0 ? 'queue.emptyFiltered' : 'queue.empty')}</p>}
            chosenId={(location.state as HistoryState | null)?.chosenId}
            onOpen={open}
            onTake={mayMoveOrders(session) ? (order) => void take(order) : undefined}
          />
        </div>
      )}
      {printing && <PrintedQueue orders={orders} hasMore={hasNextPage} now={now} />}
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

/** The same function in all renderings, which does what the last one given does. */
function useStable<A extends readonly unknown[]>(callback: (...parameters: A) => unknown): (...parameters: A) => void {
  const latest = useRef(callback);
  useEffect(() => {
    latest.current = callback;
  });
  return useCallback((...parameters: A) => {
    latest.current(...parameters);
  }, []);
}
