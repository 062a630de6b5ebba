import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Visibility } from './order.js';
import { callerOf } from '../auth/caller.js';

/** The orders that a caller may see: partners see their own orders, the other roles see all. */
export function visibilityOf(request: FastifyRequest): Visibility {
  const { roles, subject } = callerOf(request);
  const seesAll = roles.some((role) => role === 'operator' || role === 'viewer' || role === 'admin');
  return seesAll ? { scope: 'all' } : { scope: 'own', creator: subject };
}

/** Gives a handler the visibility of the caller. */
export const CurrentVisibility = createParamDecorator((_: unknown, context: ExecutionContext) =>
  visibilityOf(context.switchToHttp().getRequest<FastifyRequest>()),
);
