import { Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { trackerOf } from './rate-limit.guard.js';
import { FairShares } from './fair-shares.js';

const UNSHARED = Symbol('UNSHARED');

/** The route has a bound of its own for each caller: its answers have no end of themselves. */
export function BoundedElsewhere(): MethodDecorator {
  return SetMetadata(UNSHARED, true);
}

/** Lets a request of an authenticated caller wait until the caller has little enough under way. Hits do not come this far. */
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
    raw.once('close', () => {
      gone.abort();
    });
    const leave = await this.shares.enter(trackerOf(caller), gone.signal);
    // The answer has been sent, or its connection has broken.
    if (gone.signal.aborted) leave();
    else gone.signal.addEventListener('abort', leave);
    return true;
  }
}
