import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation, useNavigate, useSearchParams } from 'react-router';
import type { OrderDto } from '../api/client';
import { useLiveEvents } from '../live/live-context';
import type { LiveEvent } from '../live/live-events';
import { mayMoveOrders } from '../session/session';
import { useSession } from '../session/session-context';
import { Failure } from '../shell/failure';
import { useNow } from '../shell/use-now';
import { withDeparting } from './departures';
import { OrdersGrid } from './orders-grid';
import { QueueFilters } from './queue-filters';
import { isFiltered, listArgumentsOf, parametersOf, viewOf } from './queue-view';
import { useDepartures } from './use-departures';
import { useMove } from '../orders/use-move';
import { useOrders } from '../orders/use-orders';
import './queue-page.css';

const NO_ORDERS: readonly OrderDto[] = [];

/** The state of a history entry: the row to select after navigating back. */
interface HistoryState {
  readonly chosenId: string;
}

/** The queue of new orders, updated live. */
export function QueuePage(): ReactNode {
  const { t } = useTranslation();
  const session = useSession();
  const navigate = useNavigate();
  const location = useLocation();
  const now = useNow();
  const [parameters, setParameters] = useSearchParams();
  const view = useMemo(() => viewOf(parameters), [parameters]);
  const { orders = NO_ORDERS, query } = useOrders(listArgumentsOf(view, now));
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = query;
  const departures = useDepartures();
  const move = useMove();

  const shown = useOrdersWithDepartures(orders, departures.of);
  const latest = useRef({ shown, departures });
  useEffect(() => {
    latest.current = { shown, departures };
  });

  useLiveEvents(
    useCallback((event: LiveEvent) => {
      if (event.type !== 'order.status-changed') return;
      const { id, status, assignee, by = assignee } = event.order;
      const { shown: current, departures: known } = latest.current;
      // For moves made on this page, the response gives the reason.
      if (status === 'NEW' || known.of.has(id) || !current.some((order) => order.id === id)) return;
      known.note(
        id,
        status === 'MANUFACTURING_STARTED' && by !== undefined
          ? { kind: 'taken-by', by }
          : { kind: 'gone', status: status as OrderDto['status'] },
      );
    }, []),
  );

  const take = async (order: OrderDto): Promise<void> => {
    departures.note(order.id, { kind: 'taking' });
    const outcome = await move({ order, to: 'MANUFACTURING_STARTED' });
    if (outcome.kind === 'failed') departures.note(order.id, undefined);
    else if (outcome.kind === 'moved') departures.note(order.id, { kind: 'yours' });
    else if (outcome.by !== undefined) departures.note(order.id, { kind: 'taken-by', by: outcome.by });
    else departures.note(order.id, { kind: 'gone', status: outcome.status });
  };

  /** Opens an order. Navigating back selects its row again. */
  const open = async ({ id }: OrderDto): Promise<void> => {
    await navigate(location.search, { replace: true, state: { chosenId: id } satisfies HistoryState });
    await navigate(`/orders/${id}`);
  };

  const needMore = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage({ cancelRefetch: false });
  }, [isFetchingNextPage, fetchNextPage]);
  const materials = useMemo(() => [...new Set(orders.map(({ material }) => material))].sort(), [orders]);

  return (
    <main className="queue" id="content" aria-busy={query.isPending || query.isPlaceholderData}>
      <div className="queue-heading">
        <h1>{t('queue.title')}</h1>
        <span>{query.data && t(hasNextPage ? 'queue.countMore' : 'queue.count', { count: orders.length })}</span>
        <span className="queue-keys">{mayMoveOrders(session) && t('queue.keys')}</span>
      </div>
      <QueueFilters
        view={view}
        materials={materials}
        onChange={(next) => {
          setParameters(parametersOf(next), { replace: true });
        }}
      />
      {query.isPending && <p className="state">{t('loading')}</p>}
      {query.isError && !query.data && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {query.data &&
        (shown.length === 0 ? (
          <p className="state">{t(isFiltered(view) ? 'queue.emptyFiltered' : 'queue.empty')}</p>
        ) : (
          <OrdersGrid
            label={t('queue.title')}
            orders={shown}
            departures={departures.of}
            hasMore={hasNextPage}
            onNeedMore={needMore}
            chosenId={(location.state as HistoryState | null)?.chosenId}
            onOpen={(order) => void open(order)}
            onTake={mayMoveOrders(session) ? (order) => void take(order) : undefined}
          />
        ))}
    </main>
  );
}

/** The orders of the list together with those that are leaving it. */
function useOrdersWithDepartures(
  orders: readonly OrderDto[],
  departures: ReadonlyMap<string, unknown>,
): readonly OrderDto[] {
  const [last, setLast] = useState({ orders, departures, shown: orders });
  if (last.orders === orders && last.departures === departures) return last.shown;
  const shown = withDeparting(last.shown, orders, new Set(departures.keys()));
  setLast({ orders, departures, shown });
  return shown;
}
