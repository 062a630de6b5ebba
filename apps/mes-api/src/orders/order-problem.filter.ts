import { Catch, type ArgumentsHost } from '@nestjs/common';
import { ProblemDetailsFilter } from '../problem-details/problem-details.filter.js';
import { Problem, type FieldError } from '../problem-details/problem.js';
import {
  CursorInvalidError,
  DueDatePassedError,
  IllegalTransitionError,
  OrderError,
  VersionMismatchError,
} from './order-errors.js';

const STATUS: Readonly<Record<string, number>> = {
  ORDER_NOT_FOUND: 404,
  ORDER_TRANSITION_NOT_ALLOWED: 409,
  ORDER_EXTERNAL_ID_TAKEN: 409,
  ORDER_VERSION_MISMATCH: 412,
  IDEMPOTENCY_KEY_REUSED: 422,
};

/** Says over HTTP why the rules of the orders refused a request. */
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

/** Where the order stands now, so that the loser of a race sees who was first. */
function stateOf(error: OrderError): Readonly<Record<string, unknown>> {
  if (!(error instanceof IllegalTransitionError || error instanceof VersionMismatchError)) return {};
  const { status, version, assignee } = error.order;
  return { currentStatus: status, currentVersion: version, assignee };
}
