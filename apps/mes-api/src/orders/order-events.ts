import type { Order } from './order.js';
import type { OrderStatus } from './order-status.js';

/** An order was created and committed. */
export class OrderCreated {
  static readonly eventName = 'order.created';

  constructor(readonly order: Order) {}
}

/** The status of an order was changed and committed. */
export class StatusChanged {
  static readonly eventName = 'order.status-changed';

  constructor(
    readonly order: Order,
    readonly from: OrderStatus,
  ) {}
}
