import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { countOrders, getStatusDashboard, type OrderDto, type StatusDashboardDto } from '../api/client';
import { dataOf } from '../api/problem';
import { usePollingInterval } from '../live/live-context';

export type OrderFilter = Omit<Parameters<typeof countOrders>[0], 'ifNoneMatch'>;

/** A number of orders. If it is not exact, there are more. */
export interface Total {
  readonly count: number;
  readonly isExact: boolean;
}

/**
 * The number of orders that a filter selects, refreshed with the lists. Undefined until it is known, and without a filter.
 *
 * @param name of what is counted. While its filter changes, for example with the time, the last number is shown.
 */
export function useTotal(name: string, filter: OrderFilter | undefined): Total | undefined {
  const { data } = useQuery({
    queryKey: ['total', name, filter],
    queryFn: ({ signal }) => dataOf(countOrders(filter ?? {}, { signal })),
    placeholderData: (last: Total | undefined, query) => (query?.queryKey[1] === name ? last : undefined),
    enabled: filter !== undefined,
    refetchInterval: usePollingInterval(),
  });
  return data;
}

export interface LoadedOrders {
  /** The loaded orders. Undefined while none are loaded. */
  readonly orders: readonly OrderDto[] | undefined;
  /** Whether further orders follow that are not loaded. */
  readonly hasMore: boolean;
}

/**
 * The number of orders in a list. The orders themselves are counted if they are all here, so that the number fits the rows.
 *
 * @param name as for {@link useTotal}
 * @param filter of the list. Without it, only what is loaded is counted.
 */
export function useListTotal(
  name: string,
  filter: OrderFilter | undefined,
  { orders, hasMore }: LoadedOrders,
): Total | undefined {
  const counted = useTotal(name, hasMore ? filter : undefined);
  if (!orders) return undefined;
  const loaded = { count: orders.length, isExact: !hasMore };
  return hasMore ? largerOf(counted, loaded) : loaded;
}

/** The answers come at different moments: a part is never larger than the whole. */
export function largerOf(total: Total | undefined, least: Total): Total {
  return total && total.count >= least.count ? total : least;
}

/** The exact numbers of orders by status, with the arrivals of the last day. */
export function useStatusCounts(enabled = true): UseQueryResult<StatusDashboardDto> {
  return useQuery({
    queryKey: ['dashboard'],
    queryFn: ({ signal }) => dataOf(getStatusDashboard({}, { signal })),
    enabled,
    refetchInterval: usePollingInterval(),
  });
}
