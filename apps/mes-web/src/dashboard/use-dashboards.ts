import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import {
  getDueDashboard,
  getThroughputDashboard,
  getWorkloadDashboard,
  type DueDashboardDto,
  type ThroughputDashboardDto,
  type WorkloadDashboardDto,
} from '../api/client';
import { dataOf } from '../api/problem';
import { usePollingInterval } from '../live/live-context';

/** The interval at which figures are asked for that change with the time alone, without an event. In milliseconds. */
const TICK = 30_000;

/** The numbers of late orders. */
export function useDueDashboard(): UseQueryResult<DueDashboardDto> {
  return useQuery({
    queryKey: ['dashboard', 'due'],
    queryFn: ({ signal }) => dataOf(getDueDashboard({}, { signal })),
    refetchInterval: usePollingInterval() || TICK,
  });
}

/** What was done in the last eight days. */
export function useThroughputDashboard(): UseQueryResult<ThroughputDashboardDto> {
  return useQuery({
    queryKey: ['dashboard', 'throughput'],
    queryFn: ({ signal }) => dataOf(getThroughputDashboard({}, { signal })),
    refetchInterval: usePollingInterval() || TICK,
  });
}

/** Who works on what. */
export function useWorkloadDashboard(): UseQueryResult<WorkloadDashboardDto> {
  return useQuery({
    queryKey: ['dashboard', 'workload'],
    queryFn: ({ signal }) => dataOf(getWorkloadDashboard({}, { signal })),
    refetchInterval: usePollingInterval(),
  });
}
