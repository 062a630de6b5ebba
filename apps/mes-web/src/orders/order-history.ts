import { queryOptions } from '@tanstack/react-query';
import { getOrderHistory } from '../api/client';
import { dataOf } from '../api/problem';

/** The query for what has happened to an order. */
export function orderHistory(id: string) {
  return queryOptions({
    queryKey: ['history', id],
    queryFn: ({ signal }) => dataOf(getOrderHistory({ id }, { signal })),
  });
}
