import type { OrderDto } from '../api/client';
import { mayMoveOrders, type Session } from '../session/session';

export type Status = OrderDto['status'];
/** A field that users change. */
export type Field = 'priority' | 'dueAt' | 'assignee';

/** The statuses of orders that somebody has taken and not finished. */
export const IN_PROGRESS: readonly Status[] = [
  'MANUFACTURING_STARTED',
  'MANUFACTURING_COMPLETED',
  'PACKAGING',
  'ON_HOLD',
];

/** The statuses of finished orders. Only the status of such an order still changes. */
const FINISHED: readonly Status[] = ['SHIPPED', 'CLOSED', 'CANCELLED'];

/** Whether an order with this status is finished, so that it is never late. */
export function isFinished(status: Status): boolean {
  return FINISHED.includes(status);
}

/** The steps that the API lets the user make. */
export function stepsFor(order: OrderDto, session: Session): readonly Status[] {
  if (!mayMoveOrders(session)) return [];
  return order.nextStatuses.filter(
    (to) => order.status !== 'MANUFACTURING_STARTED' || to !== 'NEW' || isInCharge(order, session),
  );
}

/** Whether the API lets the user change this field. */
export function mayEdit(field: Field, order: OrderDto, session: Session): boolean {
  if (!mayMoveOrders(session) || isFinished(order.status)) return false;
  switch (field) {
    case 'priority':
      return true;
    case 'dueAt':
      return isAdmin(session);
    case 'assignee':
      return order.assignee !== undefined && isInCharge(order, session);
  }
}

/** Whether the user may hand the order over or return it to the queue: the assignee and administrators may. */
function isInCharge({ assignee }: OrderDto, session: Session): boolean {
  return assignee === session.subject || isAdmin(session);
}

function isAdmin({ roles }: Session): boolean {
  return roles.includes('admin');
}
