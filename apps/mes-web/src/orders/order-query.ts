import { queryOptions } from '@tanstack/react-query';
import { getOrder } from '../api/client';
import { dataOf } from '../api/problem';

/** The query for one order. */
export function orderQuery(id: string) {
  return queryOptions({
    queryKey: ['order', id],
    queryFn: ({ signal }) => dataOf(getOrder({ id }, { signal })),
  });
}
