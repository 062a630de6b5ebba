import { Catch, type ArgumentsHost } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import type { DocumentedProblem } from '../problem-details/api-problems.decorator.js';
import { ProblemDetailsDto } from '../problem-details/problem-details.dto.js';
import { ProblemDetailsFilter } from '../problem-details/problem-details.filter.js';
import { Problem, type FieldError } from '../problem-details/problem.js';
import { CursorInvalidError, DueDatePassedError, OrderError } from './order-errors.js';
import type { Order } from './order.js';
import { type OrderStatus } from './order-status.js';
import { ORDER_STATUS } from './dto/enums.js';

const STATUS: Readonly<Record<string, number>> = {
  ROLE_MISSING: 403,
  ORDER_OF_ANOTHER_OPERATOR: 403,
  ORDER_NOT_FOUND: 404,
  ORDER_TRANSITION_NOT_ALLOWED: 409,
  ORDER_CHANGE_NOT_ALLOWED: 409,
  ORDER_EXTERNAL_ID_TAKEN: 409,
  ORDER_VERSION_MISMATCH: 412,
  IDEMPOTENCY_KEY_REUSED: 422,
};

export const ORDER_DUE_DATE_PASSED: DocumentedProblem = {
  status: 400,
  code: 'ORDER_DUE_DATE_PASSED',
  description: '`dueAt` is not in the future.',
};

export const ORDER_NOT_FOUND: DocumentedProblem = {
  status: 404,
  code: 'ORDER_NOT_FOUND',
  description: 'There is no such order, or the caller may not see it.',
};

export const ORDER_OF_ANOTHER_OPERATOR: DocumentedProblem = {
  status: 403,
  code: 'ORDER_OF_ANOTHER_OPERATOR',
  description: 'Another operator, the `assignee`, has the order in work: only that one or an admin may do this.',
};

export const ORDER_VERSION_MISMATCH: DocumentedProblem = {
  status: 412,
  code: 'ORDER_VERSION_MISMATCH',
  description:
    '`If-Match` does not name the version of the order. Weak entity tags, which some proxies make, name none.',
};

/** Answers the errors of the orders as problem details. */
@Catch(OrderError)
export class OrderProblemFilter extends ProblemDetailsFilter {
  override catch(error: OrderError, host: ArgumentsHost): void {
    super.catch(problemOf(error), host);
  }
}

/** The problem that an error of the orders is answered with. */
export function problemOf(error: OrderError): Problem {
  return new Problem({
    status: STATUS[error.code] ?? 400,
    code: error.code,
    detail: error.message,
    errors: fieldOf(error),
    extensions: stateOf(error),
    cause: error,
  });
}

function fieldOf(error: OrderError): FieldError[] | undefined {
  if (error instanceof DueDatePassedError) return [{ field: 'dueAt', message: error.message }];
  if (error instanceof CursorInvalidError) return [{ field: 'cursor', message: error.message }];
  return undefined;
}

/** The current state of the order, so that the loser of a race sees the winner. */
function stateOf(error: OrderError): Readonly<Record<string, unknown>> {
  const { order } = error as { readonly order?: Order };
  return order ? { currentStatus: order.status, currentVersion: order.version, assignee: order.assignee } : {};
}

declare module '../problem-details/problem-details.dto.js' {
  interface ProblemDetailsDto {
    currentStatus?: OrderStatus;
    currentVersion?: number;
    assignee?: string;
  }
}

/** The members of the state, in the OpenAPI document. */
export const ORDER_STATE = {
  currentStatus: { ...ORDER_STATUS, description: 'After a refused change: the status of the order.' },
  currentVersion: { type: 'integer', description: 'After a refused change: the version of the order.' },
  assignee: { type: String, description: 'After a refused change: the operator that has the order in work.' },
} as const;

for (const [name, options] of Object.entries(ORDER_STATE)) {
  ApiPropertyOptional(options)(ProblemDetailsDto.prototype, name);
}
