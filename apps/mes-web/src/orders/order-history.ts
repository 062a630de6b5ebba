import { queryOptions } from '@tanstack/react-query';
import { getOrderHistory } from '../api/client';
import { dataOf } from '../api/problem';

/** The query for what has happened to an order, or for what has led to a version of it. */
export function orderHistory(id: string, version?: number) {
  return queryOptions({
    queryKey: ['history', id, version],
    queryFn: ({ signal }) => dataOf(getOrderHistory({ id }, { signal })),
  });
}
