import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { callerOf } from '../auth/caller.js';
import type { Actor } from './order.js';

/** Gives a handler the caller as an actor. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext): Actor => {
  const { roles, subject } = callerOf(context.switchToHttp().getRequest<FastifyRequest>());
  const role = (['admin', 'operator'] as const).find((one) => roles.includes(one)) ?? 'creator';
  return { subject, role };
});
