import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../problem-details/problem.js';
import { accessTo, mayCall } from './access.js';
import { Authentication } from './authentication.js';

/** Lets pass who has a good token with a role that the route allows. A route that allows nobody is closed. */
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
        detail: access ? `This needs the role ${access.join(' or ')}.` : 'This is not open to anybody.',
      });
    }
    return true;
  }
}
