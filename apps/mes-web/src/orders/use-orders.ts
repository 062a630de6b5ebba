import {
  keepPreviousData,
  useInfiniteQuery,
  type InfiniteData,
  type UseInfiniteQueryResult,
} from '@tanstack/react-query';
import { useMemo } from 'react';
import { listOrders, type OrderDto, type OrderListDto } from '../api/client';
import { dataOf } from '../api/problem';
import { usePollingInterval } from '../live/live-context';

export type ListOrdersArguments = Omit<Parameters<typeof listOrders>[0], 'cursor' | 'limit' | 'ifNoneMatch'>;

/** Number of orders on every page but the first. The first has the default size, so that all users share its cached response. */
const LATER_PAGE_SIZE = 200;

export interface Orders {
  readonly orders: readonly OrderDto[] | undefined;
  readonly query: UseInfiniteQueryResult<InfiniteData<OrderListDto>>;
}

/** A list of orders that loads page by page and refreshes when orders change. */
export function useOrders(list: ListOrdersArguments): Orders {
  const query = useInfiniteQuery({
    queryKey: ['orders', list],
    queryFn: ({ pageParam, signal }) =>
      dataOf(
        listOrders(pageParam === undefined ? list : { ...list, limit: LATER_PAGE_SIZE, cursor: pageParam }, { signal }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: usePollingInterval(),
  });
  const { data } = query;
  const orders = useMemo(() => data && distinct(data.pages.flatMap(({ items }) => items)), [data]);
  return { orders, query };
}

/** Removes duplicates: an order that moved down the list between two page loads is on both pages. */
function distinct(orders: readonly OrderDto[]): OrderDto[] {
  return [...new Map(orders.map((order) => [order.id, order])).values()];
}
