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

/** The first page has the API's own size, so that it is the one that everybody has; whoever wants more wants much more. */
const FURTHER_PAGES = 200;

export interface Orders {
  readonly orders: readonly OrderDto[] | undefined;
  readonly query: UseInfiniteQueryResult<InfiniteData<OrderListDto>>;
}

/** A list of orders, page after page, which is made again when something has happened. */
export function useOrders(list: ListOrdersArguments): Orders {
  const query = useInfiniteQuery({
    queryKey: ['orders', list],
    queryFn: ({ pageParam, signal }) =>
      dataOf(
        listOrders(pageParam === undefined ? list : { ...list, limit: FURTHER_PAGES, cursor: pageParam }, { signal }),
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

/** An order that has moved down the list between two pages is in both. */
function distinct(orders: readonly OrderDto[]): OrderDto[] {
  return [...new Map(orders.map((order) => [order.id, order])).values()];
}
