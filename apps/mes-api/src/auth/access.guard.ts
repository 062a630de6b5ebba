import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../problem-details/problem.js';
import { accessTo, mayCall } from './access.js';
import { Authentication } from './authentication.js';

/** Admits callers whose valid token has a role that the route allows. A route without allowed roles is closed. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authentication: Authentication,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = accessTo(this.reflector, context);
    if (access === 'public') return true;

    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const caller = await this.authentication.callerOf(request);
    request.caller = caller;
    if (!mayCall(access, caller)) {
      throw new Problem({
        status: 403,
        code: 'ROLE_MISSING',
        detail: access ? `This requires the role ${access.join(' or ')}.` : 'This route is closed.',
      });
    }
    return true;
  }
}
