import type { OrderPriority, OrderSort } from '../../../apps/mes-api/src/orders/order.js';
import type { List } from './call.js';

const URGENCY: Readonly<Record<OrderPriority, number>> = { URGENT: 0, HIGH: 1, NORMAL: 2, LOW: 3 };

/** The members of an order by which lists sort and filter, and which never change. */
export interface Listable {
  readonly id: string;
  readonly priority: OrderPriority;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly dueAt?: string | null | undefined;
}

/** A text that sorts like the order in the list. It ascends for all sorts except `-createdAt`. */
export function sortKey(order: Listable, sort: OrderSort): string {
  switch (sort) {
    case 'createdAt':
    case '-createdAt':
      return `${order.createdAt} ${order.id}`;
    case 'dueAt':
      // Orders without a due date come last.
      return `${order.dueAt ?? '~'} ${order.id}`;
    case '-priority':
      return `${URGENCY[order.priority]} ${order.createdAt} ${order.id}`;
  }
}

/** Whether the order of `key` comes before that of `other` in a list with this sort. */
export function comesBefore(key: string, other: string, sort: OrderSort): boolean {
  return sort === '-createdAt' ? key > other : key < other;
}

/** Whether an order passes all filters of the list except that on the status. */
export function mayBeIn(order: Listable, { priorities, createdBy }: List): boolean {
  if (createdBy !== undefined && order.createdBy !== createdBy) return false;
  return priorities?.includes(order.priority) ?? true;
}
