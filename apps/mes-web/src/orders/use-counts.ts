import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { countOrders, getStatusDashboard, type StatusDashboardDto } from '../api/client';
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

/** The exact numbers of orders by status, with the arrivals of the last day. */
export function useStatusCounts(): UseQueryResult<StatusDashboardDto> {
  return useQuery({
    queryKey: ['dashboard'],
    queryFn: ({ signal }) => dataOf(getStatusDashboard({}, { signal })),
    refetchInterval: usePollingInterval(),
  });
}
