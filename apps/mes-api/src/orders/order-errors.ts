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

/** A member of the staff may do this, but not with an order that another operator has in work. */
export class OrderOfAnotherError extends OrderError {
  readonly code = 'ORDER_OF_ANOTHER_OPERATOR';

  constructor(readonly order: Order) {
    super(`The order is in work with ${order.assignee ?? 'nobody'}: only that operator or an admin may do this.`);
  }
}

export class ChangeNotAllowedError extends OrderError {
  readonly code = 'ORDER_CHANGE_NOT_ALLOWED';

  constructor(
    readonly order: Order,
    detail: string,
  ) {
    super(detail);
  }
}

/** The role of the caller does not suffice for this status, field or order. */
export class OrderRoleMissingError extends OrderError {
  readonly code = 'ROLE_MISSING';
}

export class VersionMismatchError extends OrderError {
  readonly code = 'ORDER_VERSION_MISMATCH';

  constructor(readonly order: Order) {
    super(`The order has version ${order.version}, which the request does not name.`);
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
