import { queryOptions, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { getOrderHistory, type OrderDto } from '../api/client';
import { dataOf } from '../api/problem';
import { HoldMark } from './marks';

/** The query for what has happened to an order, or for what has led to a version of it. */
export function orderHistory(id: string, version?: number) {
  return queryOptions({
    queryKey: ['history', id, version],
    queryFn: ({ signal }) => dataOf(getOrderHistory({ id }, { signal })),
  });
}

interface HoldNoteProps {
  readonly order: OrderDto;
}

/** Why an order is on hold, with the comment that was written then. Nothing for other orders. */
export function HoldNote({ order }: HoldNoteProps): ReactNode {
  const history = useQuery({
    ...orderHistory(order.id, order.version),
    enabled: order.holdReason !== undefined,
    // It never changes, so it is read once.
    staleTime: 'static',
  });
  if (!order.holdReason) return null;
  const last = history.data?.items.at(-1);
  return (
    <p className="hold-note">
      <HoldMark holdReason={order.holdReason} />
      {last?.to === 'ON_HOLD' && last.comment !== undefined && (
        <span dir="auto" title={last.comment}>
          {last.comment}
        </span>
      )}
    </p>
  );
}
