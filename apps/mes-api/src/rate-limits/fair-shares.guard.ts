import { Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { trackerOf } from './rate-limit.guard.js';
import { FairShares } from './fair-shares.js';

const UNSHARED = Symbol('UNSHARED');

/** Exempts a route with a limit of its own for each caller, such as one with endless responses. */
export function BoundedElsewhere(): MethodDecorator {
  return SetMetadata(UNSHARED, true);
}

/** Delays a request while its caller has too many in progress. Hits on the fast path do not come here. */
@Injectable()
export class FairSharesGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly shares: FairShares,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { caller } = context.switchToHttp().getRequest<FastifyRequest>();
    const isBoundedElsewhere = this.reflector.get<boolean | undefined>(UNSHARED, context.getHandler()) === true;
    if (!caller || isBoundedElsewhere) return true;

    const { raw } = context.switchToHttp().getResponse<FastifyReply>();
    const gone = new AbortController();
    const goAway = (): void => {
      gone.abort();
    };
    raw.once('close', goAway);
    // The client may have gone before, and `close` does not come twice.
    if (raw.destroyed) goAway();
    const leave = await this.shares.enter(trackerOf(caller), gone.signal);
    // From here on the request does not wait, and to abort costs more than to leave.
    raw.off('close', goAway);
    if (raw.destroyed) leave();
    else raw.once('close', leave);
    return true;
  }
}
