import type { OrderDto } from '../api/client';
import type { ListOrdersArguments } from '../orders/use-orders';
import type { Status } from '../orders/permissions';

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
export function listOf(status: BoardStatus): ListOrdersArguments {
  return status === 'SHIPPED' ? { status: [status] } : { status: [status], sort: '-priority' };
}

/** What dropping an order on a column does. */
export type Drop =
  | 'stay'
  | 'move'
  /** The dialog of the order asks for what else the move needs. */
  | 'ask'
  | 'refuse';

export function dropOf({ status, nextStatuses }: Pick<OrderDto, 'status' | 'nextStatuses'>, to: Status): Drop {
  if (to === status) return 'stay';
  if (!nextStatuses.includes(to)) return 'refuse';
  const isRework = status === 'MANUFACTURING_COMPLETED' && to === 'MANUFACTURING_STARTED';
  return to === 'ON_HOLD' || isRework ? 'ask' : 'move';
}
