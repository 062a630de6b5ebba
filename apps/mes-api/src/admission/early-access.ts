import { FastPathAdmission, type RouteHandler } from '@mes/cache';
import { Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { RateLimiter } from '../rate-limits/rate-limiter.js';
import { trackerOf } from '../rate-limits/rate-limit.guard.js';
import { accessTo, mayCall } from '../auth/access.js';
import type { Caller } from '../auth/caller.js';
import { TokenVerifier } from '../auth/token-verifier.js';

/** Decides as the guards for access and rate limits do, for callers whose tokens have been verified before. */
@Injectable()
export class EarlyAccess extends FastPathAdmission {
  constructor(
    private readonly reflector: Reflector,
    private readonly verifier: TokenVerifier,
    private readonly limiter: RateLimiter,
  ) {
    super();
  }

  override testFor(route: RouteHandler): (request: FastifyRequest) => boolean {
    const access = accessTo(this.reflector, route);
    return (request) => {
      const caller = this.verifier.recall(request.headers.authorization);
      if (access === 'public' || !caller || !mayCall(access, caller)) return false;
      if (this.limiter.enabled && !this.isWithinLimit(request, caller)) return false;
      request.caller = caller;
      return true;
    };
  }

  /** A refused request is not counted, so that the guard comes to the same verdict. */
  private isWithinLimit(request: FastifyRequest, caller: Caller): boolean {
    const { admitted } = this.limiter.take(trackerOf(caller));
    if (admitted) request.isCounted = true;
    return admitted;
  }
}
