import { CutOffError, InvalidationNotRelayedError, LoadTimeoutError, Reminder, TooManyLoadsError } from '@mes/cache';
import {
  Catch,
  HttpException,
  Logger,
  NotFoundException,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isCertainlyUndone } from '../database-errors/certainly-undone.js';
import { describeError } from '../database-errors/describe-error.js';
import { OVERLOADED, overloaded, Problem } from './problem.js';
import { isDatabaseAway } from '../database-errors/database-away.js';
import { codeFor, problemDocument } from './problem-document.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The code of the problem that the request was answered with. */
    problemCode?: string;
  }
}

/** Codes that are not logged for each request: many log lines would add to the overload. */
const UNLOGGED = new Set([OVERLOADED, 'NOT_READY']);

/** Methods of requests that change nothing. */
const SAFE_METHODS = new Set(['GET', 'HEAD']);

/** One for all controllers, some of which have filters of their own. A cause that many requests meet is logged at growing intervals. */
const reminder = new Reminder();

/** Answers every error with a problem details document: RFC 9457. */
@Catch()
export class ProblemDetailsFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemDetailsFilter.name);

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const problem = methodProblem(error, request) ?? toProblem(error, SAFE_METHODS.has(request.method));
    request.problemCode = problem.code;
    if (problem.status >= 500 && !UNLOGGED.has(problem.code)) this.log(problem, error, request.id);
    // A connection may break after the response has begun.
    if (reply.sent) return;
    void reply
      .status(problem.status)
      .headers({ ...problem.headers, 'cache-control': 'no-store' })
      .removeHeader('etag')
      // Fastify would close the connection of a body that it has not read to its end. Node reads and drops the rest: otherwise, the
      // operating system resets the connection, and the answer may be lost.
      .removeHeader('connection')
      .type('application/problem+json')
      .send(problemDocument(problem, request.id));
  }

  private log(problem: Problem, error: unknown, requestId: string): void {
    const { message, stack } = describeError(problem.cause ?? error);
    const line = `${problem.code}: ${message}`;
    if (!reminder.isDue(line)) return;
    this.logger.error(`request ${requestId}: ${line}`, problem.status === 500 ? stack : undefined);
  }
}

/** The problem of a path that exists, with other methods: RFC 9110, section 15.5.6. */
function methodProblem(error: unknown, request: FastifyRequest): Problem | undefined {
  const methods = error instanceof NotFoundException ? request.server.methodsOf(request) : [];
  if (methods.length === 0 || methods.includes(request.method)) return undefined;
  const allow = methods.join(', ');
  return new Problem({ status: 405, code: codeFor(405), detail: `This path has only ${allow}.`, headers: { allow } });
}

function toProblem(error: unknown, isSafe: boolean): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TooManyLoadsError) return overloaded(error);
  const isCutOff = !isSafe && isDatabaseAway(error) && !isCertainlyUndone(error);
  if (isCutOff || error instanceof InvalidationNotRelayedError) {
    return new Problem({
      status: 503,
      code: 'OUTCOME_UNKNOWN',
      detail: 'The change may have been saved: check before you try again.',
      headers: { 'retry-after': '1' },
      cause: error,
    });
  }
  if (isDatabaseAway(error) || error instanceof CutOffError || error instanceof LoadTimeoutError) {
    return new Problem({
      status: 503,
      code: 'DATABASE_UNAVAILABLE',
      detail: 'The database is not available at the moment.',
      headers: { 'retry-after': '1' },
      cause: error,
    });
  }
  const status = statusOf(error);
  if (status !== undefined && status >= 400 && status < 500) {
    return new Problem({ status, code: codeFor(status), detail: detailFor(status, error), cause: error });
  }
  return new Problem({
    status: 500,
    code: 'INTERNAL_ERROR',
    detail: 'An internal error occurred.',
    cause: error,
  });
}

/** The status of an error of Nest or Fastify. */
function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  const { statusCode } = error as { statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : undefined;
}

function detailFor(status: number, error: unknown): string {
  switch (status) {
    case 404:
      return 'There is no such resource.';
    case 413:
      return 'The body is too large.';
    case 415:
      return 'The body must be application/json.';
    default:
      return error instanceof Error ? error.message : 'The request cannot be served.';
  }
}
