import type { OrderDto } from '../api/client';
import { needsReason } from '../orders/change';
import type { Sort } from '../orders/orders-view';
import { stepsFor, type Status } from '../orders/permissions';
import type { Session } from '../session/session';

/** The columns of the board, in their order. */
export const BOARD_STATUSES = [
  'NEW',
  'MANUFACTURING_STARTED',
  'MANUFACTURING_COMPLETED',
  'PACKAGING',
  'SHIPPED',
  'ON_HOLD',
] as const satisfies readonly Status[];
export type BoardStatus = (typeof BOARD_STATUSES)[number];

/** Most urgent first. Of the shipped orders, which only become more, the last ones are shown first. */
export function sortOf(status: BoardStatus): Sort {
  return status === 'SHIPPED' ? '-createdAt' : '-priority';
}

/** What dropping an order on a column does. */
export type Drop =
  | 'stay'
  | 'move'
  /** The dialog of the order asks for what else the move needs. */
  | 'ask'
  | 'refuse';

export function dropOf(order: OrderDto, to: Status, session: Session): Drop {
  if (to === order.status) return 'stay';
  if (!stepsFor(order, session).includes(to)) return 'refuse';
  return needsReason(order.status, to) ? 'ask' : 'move';
}
