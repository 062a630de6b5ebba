import type { HoldReason, OrderStatus } from '../../../apps/mes-api/src/orders/order-status.js';
import type { OrderPriority, OrderSort } from '../../../apps/mes-api/src/orders/order.js';
import type { Filter } from './call.js';

const URGENCY: Readonly<Record<OrderPriority, number>> = { URGENT: 0, HIGH: 1, NORMAL: 2, LOW: 3 };

/** The members of an order that changes give it. */
export interface Changeable {
  readonly status: OrderStatus;
  readonly priority: OrderPriority;
  readonly dueAt?: string | null | undefined;
  readonly assignee?: string | null | undefined;
  readonly holdReason?: HoldReason | null | undefined;
}

/** The members of an order by which lists sort and filter. */
export interface Listable extends Changeable {
  readonly id: string;
  readonly createdAt: string;
  readonly createdBy: string;
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

/** Whether an order passes all filters. */
export function isIn(
  order: Listable,
  { statuses, priorities, assignees, holdReasons, createdBy, due }: Filter,
): boolean {
  return (
    (createdBy === undefined || order.createdBy === createdBy) &&
    (statuses?.includes(order.status) ?? true) &&
    (priorities?.includes(order.priority) ?? true) &&
    (assignees?.includes(order.assignee ?? '') ?? true) &&
    (holdReasons === undefined || holdReasons.some((reason) => reason === order.holdReason)) &&
    (due === undefined || (order.dueAt != null && due[0] <= order.dueAt && order.dueAt < due[1]))
  );
}

/** Whether two states of an order have the same values. */
export function isSame(one: Changeable, other: Changeable): boolean {
  const valuesOf = ({ status, priority, dueAt, assignee, holdReason }: Changeable): string =>
    JSON.stringify([status, priority, dueAt ?? null, assignee ?? null, holdReason ?? null]);
  return valuesOf(one) === valuesOf(other);
}
