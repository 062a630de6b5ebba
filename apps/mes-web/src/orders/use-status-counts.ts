import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { getStatusDashboard, type StatusDashboardDto } from '../api/client';
import { dataOf } from '../api/problem';
import { usePollingInterval } from '../live/live-context';

/** The exact numbers of orders by status, with the arrivals of the last day. */
export function useStatusCounts(): UseQueryResult<StatusDashboardDto> {
  return useQuery({
    queryKey: ['dashboard'],
    queryFn: ({ signal }) => dataOf(getStatusDashboard({}, { signal })),
    refetchInterval: usePollingInterval(),
  });
}
