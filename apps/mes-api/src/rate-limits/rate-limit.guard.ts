import { Injectable, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  InjectThrottlerOptions,
  InjectThrottlerStorage,
  ThrottlerGuard,
  type ThrottlerLimitDetail,
  type ThrottlerModuleOptions,
  type ThrottlerStorage,
} from '@nestjs/throttler';
import type { FastifyRequest } from 'fastify';
import { Authentication } from '../auth/authentication.js';
import type { Caller } from '../auth/caller.js';
import { clientAddress } from '../http/client-address.js';
import { Problem } from '../problem-details/problem.js';
import { RateLimiter, WINDOW_MS } from './rate-limiter.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on counted requests, because guards may run twice. */
    isCounted?: boolean;
  }
}

/**
 * Refuses callers that have used up their requests of this minute, on all routes together. Authenticated callers are counted by
 * subject, others by IP address; IPv6 addresses by the network (/64) of a subscriber.
 */
@Injectable()
export class RateLimitGuard extends ThrottlerGuard {
  constructor(
    @InjectThrottlerOptions() options: ThrottlerModuleOptions,
    @InjectThrottlerStorage() storage: ThrottlerStorage,
    reflector: Reflector,
    private readonly limiter: RateLimiter,
    private readonly authentication: Authentication,
  ) {
    super(options, storage, reflector);
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const isAdmitted = await super.canActivate(context);
    context.switchToHttp().getRequest<FastifyRequest>().isCounted = true;
    return isAdmitted;
  }

  protected override shouldSkip(context: ExecutionContext): Promise<boolean> {
    const { isCounted = false } = context.switchToHttp().getRequest<FastifyRequest>();
    return Promise.resolve(isCounted || !this.limiter.enabled);
  }

  protected override async getTracker(request: FastifyRequest): Promise<string> {
    try {
      return trackerOf(await this.authentication.callerOf(request));
    } catch {
      // The access guard reports the invalid token.
      return `address:${await super.getTracker({ ip: clientAddress(request) })}`;
    }
  }

  protected override generateKey(_context: ExecutionContext, tracker: string): string {
    return tracker;
  }

  protected override throwThrottlingException(
    _context: ExecutionContext,
    { limit, timeToBlockExpire }: ThrottlerLimitDetail,
  ): Promise<void> {
    throw new Problem({
      status: 429,
      code: 'RATE_LIMIT_EXCEEDED',
      detail: `You may send ${limit} requests in a minute: try again later.`,
      headers: {
        'retry-after': String(timeToBlockExpire),
        // draft-ietf-httpapi-ratelimit-headers
        'ratelimit-policy': `"per-minute";q=${limit};w=${WINDOW_MS / 1_000}`,
        ratelimit: `"per-minute";r=0;t=${timeToBlockExpire}`,
      },
    });
  }
}

/** The name under which the requests of an authenticated caller are counted, for all its tokens. */
export function trackerOf({ subject }: Caller): string {
  return `subject:${subject}`;
}
