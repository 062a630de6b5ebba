import {
  keepPreviousData,
  useInfiniteQuery,
  type InfiniteData,
  type QueryClient,
  type UseInfiniteQueryResult,
} from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { listOrders, type OrderDto, type OrderListDto } from '../api/client';
import { dataOf } from '../api/problem';
import { usePollingInterval } from '../live/live-context';

export type ListOrdersArguments = Omit<Parameters<typeof listOrders>[0], 'cursor' | 'limit' | 'ifNoneMatch'>;

/** The first part of the keys of all lists. */
const KEY = 'orders';

/** Number of orders on every page but the first. The first has the default size, so that all users share its cached response. */
const LATER_PAGE_SIZE = 200;

const EMPTY: OrderListDto = { items: [], nextCursor: null, limit: 0 };

export interface Orders {
  readonly orders: readonly OrderDto[] | undefined;
  /** Whether further orders follow that are not loaded. */
  readonly hasMore: boolean;
  readonly query: UseInfiniteQueryResult<InfiniteData<OrderListDto>>;
  /** Asks for the next page. It is loaded as soon as that is possible. */
  readonly needMore: () => void;
}

/**
 * A list of orders that loads page by page and refreshes when orders change.
 *
 * @param list undefined for one that is known to be empty: the API is not asked for it
 */
export function useOrders(list: ListOrdersArguments | undefined): Orders {
  const query = useInfiniteQuery({
    queryKey: [KEY, list],
    queryFn: ({ pageParam: cursor, signal }) => {
      if (!list) return EMPTY;
      return dataOf(listOrders(cursor === undefined ? list : { ...list, limit: LATER_PAGE_SIZE, cursor }, { signal }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: usePollingInterval(),
  });
  const { data, hasNextPage, isFetching, isFetchNextPageError, fetchNextPage } = query;
  const pages = data?.pages.length ?? 0;
  /** The number of pages after which another one is wanted. */
  const [wantedAfter, setWantedAfter] = useState<number>();
  if (wantedAfter !== undefined && wantedAfter !== pages) setWantedAfter(undefined);
  useEffect(() => {
    // While the list is refreshed, no page can be added to it. A page that has failed is loaded again after the next refresh.
    if (wantedAfter === pages && hasNextPage && !isFetching && !isFetchNextPageError) {
      void fetchNextPage({ cancelRefetch: false });
    }
  }, [wantedAfter, pages, hasNextPage, isFetching, isFetchNextPageError, fetchNextPage]);
  const needMore = useCallback(() => {
    setWantedAfter(pages);
    if (isFetchNextPageError) void fetchNextPage({ cancelRefetch: false });
  }, [pages, isFetchNextPageError, fetchNextPage]);
  const orders = useMemo(() => data && distinct(data.pages.flatMap(({ items }) => items)), [data]);
  // Of the orders that are shown while another list loads, the query itself does not know it.
  const hasMore = data?.pages.at(-1)?.nextCursor != null;
  return { orders, hasMore, query, needMore };
}

/** The different values of the orders in all lists that are loaded. */
export function loadedValues(queries: QueryClient, valueOf: (order: OrderDto) => string | undefined): string[] {
  const lists = queries.getQueriesData<InfiniteData<OrderListDto>>({ queryKey: [KEY] });
  const orders = lists.flatMap(([, data]) => data?.pages.flatMap(({ items }) => items) ?? []);
  return [...new Set(orders.flatMap((order) => valueOf(order) ?? []))].sort();
}

/** Removes duplicates: an order that moved down the list between two page loads is on both pages. */
function distinct(orders: readonly OrderDto[]): OrderDto[] {
  return [...new Map(orders.map((order) => [order.id, order])).values()];
}
