import type { OrderPriority, OrderSort } from '../../../apps/mes-api/src/orders/order.js';
import type { List } from './call.js';

const URGENCY: Readonly<Record<OrderPriority, number>> = { URGENT: 0, HIGH: 1, NORMAL: 2, LOW: 3 };

/** What a list sorts and filters by, and what never changes about an order. */
export interface Listable {
  readonly id: string;
  readonly priority: OrderPriority;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly dueAt?: string | null | undefined;
}

/** A text that sorts like the order in a list that goes up; `-createdAt` goes down. */
export function sortKey(order: Listable, sort: OrderSort): string {
  switch (sort) {
    case 'createdAt':
    case '-createdAt':
      return `${order.createdAt} ${order.id}`;
    case 'dueAt':
      // What is never due comes last.
      return `${order.dueAt ?? '~'} ${order.id}`;
    case '-priority':
      return `${URGENCY[order.priority]} ${order.createdAt} ${order.id}`;
  }
}

/** Whether the order of `key` comes before that of `other` in a list with this sort. */
export function comesBefore(key: string, other: string, sort: OrderSort): boolean {
  return sort === '-createdAt' ? key > other : key < other;
}

/** Whether an order is in the list as long as its status is one of the list's. */
export function mayBeIn(order: Listable, { priorities, createdBy }: List): boolean {
  if (createdBy !== undefined && order.createdBy !== createdBy) return false;
  return priorities?.includes(order.priority) ?? true;
}
