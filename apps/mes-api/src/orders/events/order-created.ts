import type { Order } from '../order.js';

/** An order was created and committed. */
export class OrderCreated {
  static readonly eventName = 'order.created';

  constructor(readonly order: Order) {}
}
