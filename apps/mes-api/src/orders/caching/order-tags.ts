import type { Tag } from '@mes/cache';
import { ORDER_STATUSES, transitionsTo, type OrderStatus } from '../order-status.js';

/** How many orders there are, by status and by hour of creation. */
export const ORDER_COUNTS_TAG: Tag = 'orders:counts';

/** Which orders have this status, and what they show. */
export function statusTag(status: OrderStatus): Tag {
  return `orders:${status}`;
}

/** What this order shows, its history included. */
export function orderTag(id: string): Tag {
  return `order:${id}`;
}

/** What a list of orders with any of these statuses depends on. Without statuses it depends on all. */
export function listTags(statuses: readonly OrderStatus[] = ORDER_STATUSES): readonly Tag[] {
  return statuses.map(statusTag);
}

/** What the creation of an order invalidates. */
export function tagsOfCreation(): readonly Tag[] {
  return [statusTag('NEW'), ORDER_COUNTS_TAG];
}

/** What a status change invalidates. */
export function tagsOfChange(orderId: string, from: readonly OrderStatus[], to: OrderStatus): readonly Tag[] {
  return [orderTag(orderId), ORDER_COUNTS_TAG, ...listTags([...from, to])];
}

/** What a status change may invalidate, before the present status of the order is known. */
export function tagsOfPossibleChange(orderId: string, to: OrderStatus): readonly Tag[] {
  return tagsOfChange(
    orderId,
    transitionsTo(to).map(({ from }) => from),
    to,
  );
}
