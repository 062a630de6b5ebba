import type { Tag } from '@mes/cache';
import {
  CHANGEABLE_STATUSES,
  FINAL_STATUSES,
  ORDER_STATUSES,
  transitionsTo,
  type OrderStatus,
} from '../order-status.js';

/** How many orders there are, by status, and what was done in each hour. */
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

/** What status changes of these orders invalidate. */
export function tagsOfStatusChange(
  orderIds: readonly string[],
  from: readonly OrderStatus[],
  to: OrderStatus,
): readonly Tag[] {
  return [...orderIds.map(orderTag), ORDER_COUNTS_TAG, ...listTags([...from, to])];
}

/** What status changes may invalidate, before the present statuses of the orders are known. */
export function tagsOfPossibleStatusChange(orderIds: readonly string[], to: OrderStatus): readonly Tag[] {
  return tagsOfStatusChange(
    orderIds,
    transitionsTo(to).map(({ from }) => from),
    to,
  );
}

/** What a change of priority, due date or assignee invalidates: the lists that the order enters or leaves have its status. */
export function tagsOfFieldsChange(orderId: string, status: OrderStatus): readonly Tag[] {
  return [orderTag(orderId), statusTag(status)];
}

/** What such a change may invalidate, before the present status of the order is known. */
export function tagsOfPossibleFieldsChange(orderId: string): readonly Tag[] {
  return [orderTag(orderId), ...listTags(CHANGEABLE_STATUSES)];
}

/** What the move of orders to the archive invalidates. What an order itself shows stays the same. */
export function tagsOfArchival(): readonly Tag[] {
  return [...listTags(FINAL_STATUSES), ORDER_COUNTS_TAG];
}
