import type { FieldChange } from './order-change.js';
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

/** Priority, due date or assignee of an order were changed, and that was committed. */
export class OrderChanged {
  static readonly eventName = 'order.changed';

  constructor(readonly changes: readonly FieldChange[]) {}
}

/** Orders were moved to the archive, and that was committed. */
export class OrdersArchived {
  static readonly eventName = 'orders.archived';

  constructor(readonly count: number) {}
}
