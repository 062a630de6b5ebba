import { Catch, type ArgumentsHost } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import type { DocumentedProblem } from '../problem-details/api-problems.decorator.js';
import { ProblemDetailsDto } from '../problem-details/problem-details.dto.js';
import { ProblemDetailsFilter } from '../problem-details/problem-details.filter.js';
import { Problem, type FieldError } from '../problem-details/problem.js';
import {
  CursorInvalidError,
  DueDatePassedError,
  IllegalTransitionError,
  OrderError,
  VersionMismatchError,
} from './order-errors.js';
import { ORDER_STATUSES, type OrderStatus } from './order-status.js';

const STATUS: Readonly<Record<string, number>> = {
  ORDER_NOT_FOUND: 404,
  ORDER_TRANSITION_NOT_ALLOWED: 409,
  ORDER_EXTERNAL_ID_TAKEN: 409,
  ORDER_VERSION_MISMATCH: 412,
  IDEMPOTENCY_KEY_REUSED: 422,
};

export const ORDER_NOT_FOUND: DocumentedProblem = {
  status: 404,
  code: 'ORDER_NOT_FOUND',
  description: 'There is no such order, or the caller may not see it.',
};

export const ORDER_VERSION_MISMATCH: DocumentedProblem = {
  status: 412,
  code: 'ORDER_VERSION_MISMATCH',
  description: 'The order has another version than `If-Match` names.',
};

/** Answers the errors of the orders as problem details. */
@Catch(OrderError)
export class OrderProblemFilter extends ProblemDetailsFilter {
  override catch(error: OrderError, host: ArgumentsHost): void {
    super.catch(
      new Problem({
        status: STATUS[error.code] ?? 400,
        code: error.code,
        detail: error.message,
        errors: fieldOf(error),
        extensions: stateOf(error),
        cause: error,
      }),
      host,
    );
  }
}

function fieldOf(error: OrderError): FieldError[] | undefined {
  if (error instanceof DueDatePassedError) return [{ field: 'dueAt', message: error.message }];
  if (error instanceof CursorInvalidError) return [{ field: 'cursor', message: error.message }];
  return undefined;
}

/** The current state of the order, so that the loser of a race sees the winner. */
function stateOf(error: OrderError): Readonly<Record<string, unknown>> {
  if (!(error instanceof IllegalTransitionError || error instanceof VersionMismatchError)) return {};
  const { status, version, assignee } = error.order;
  return { currentStatus: status, currentVersion: version, assignee };
}

declare module '../problem-details/problem-details.dto.js' {
  interface ProblemDetailsDto {
    currentStatus?: OrderStatus;
    currentVersion?: number;
    assignee?: string;
  }
}

// The members of stateOf(), in the OpenAPI document.
ApiPropertyOptional({ enum: ORDER_STATUSES, description: 'After a refused status change: the status of the order.' })(
  ProblemDetailsDto.prototype,
  'currentStatus',
);
ApiPropertyOptional({ type: 'integer', description: 'After a refused status change: the version of the order.' })(
  ProblemDetailsDto.prototype,
  'currentVersion',
);
ApiPropertyOptional({ type: String, description: 'After a refused status change: the operator who took the order.' })(
  ProblemDetailsDto.prototype,
  'assignee',
);
