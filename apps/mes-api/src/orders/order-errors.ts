import type { Order } from './order.js';
import type { OrderStatus } from './order-status.js';

/** A rule of the orders refused a request. Nothing was changed. */
export abstract class OrderError extends Error {
  abstract readonly code: string;
}

export class OrderNotFoundError extends OrderError {
  readonly code = 'ORDER_NOT_FOUND';

  constructor() {
    super('There is no such order.');
  }
}

export class IllegalTransitionError extends OrderError {
  readonly code = 'ORDER_TRANSITION_NOT_ALLOWED';

  constructor(
    readonly order: Order,
    readonly wanted: OrderStatus,
  ) {
    super(`The order is ${order.status} and cannot become ${wanted}.`);
  }
}

export class VersionMismatchError extends OrderError {
  readonly code = 'ORDER_VERSION_MISMATCH';

  constructor(readonly order: Order) {
    super(`The order has changed: its version is now ${order.version}.`);
  }
}

export class ExternalIdTakenError extends OrderError {
  readonly code = 'ORDER_EXTERNAL_ID_TAKEN';

  constructor(externalId: string) {
    super(`You have already created an order with the externalId ${JSON.stringify(externalId)}.`);
  }
}

export class IdempotencyKeyReusedError extends OrderError {
  readonly code = 'IDEMPOTENCY_KEY_REUSED';

  constructor() {
    super('This Idempotency-Key was used before with another body.');
  }
}

export class DueDatePassedError extends OrderError {
  readonly code = 'ORDER_DUE_DATE_PASSED';

  constructor() {
    super('dueAt must be in the future.');
  }
}

export class CursorInvalidError extends OrderError {
  readonly code = 'CURSOR_INVALID';

  constructor() {
    super('The cursor belongs to another list: leave it out to start at the first page.');
  }
}
