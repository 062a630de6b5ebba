import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Role } from '../config/roles.js';

export { ROLES, type Role } from '../config/roles.js';

/** What the subject of a token must match. */
export const SUBJECT = /^[\x21-\x7e]{1,255}$/;

/** The caller of a request, as its token says. */
export interface Caller {
  /** The claim `sub`. */
  readonly subject: string;
  readonly roles: readonly Role[];
  /** When the token expires, the leeway for clocks included; in milliseconds since 1970. */
  readonly expiresAt: number;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on every route that is not public, for every authenticated caller, with or without a role for the route. */
    caller?: Caller;
  }
}

/** The caller of an authenticated request. */
export function callerOf(request: FastifyRequest): Caller {
  if (!request.caller) throw new Error('the route was reached without authentication');
  return request.caller;
}

/** Gives a handler the caller. */
export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext) =>
  callerOf(context.switchToHttp().getRequest<FastifyRequest>()),
);
