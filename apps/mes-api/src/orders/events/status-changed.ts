import type { Order } from '../order.js';
import type { OrderStatus } from '../order-status.js';

/** The status of an order was changed and committed. */
export class StatusChanged {
  static readonly eventName = 'order.status-changed';

  constructor(
    /** Of the change, not of the order: the id that it was announced under. */
    readonly changeId: string,
    readonly order: Order,
    readonly from: OrderStatus,
    /** Whether all instances look where the change was announced. */
    readonly isAnnounced: boolean,
  ) {}
}
