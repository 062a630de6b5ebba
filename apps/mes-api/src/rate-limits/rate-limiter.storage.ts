import { Injectable } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import { RateLimiter } from './rate-limiter.js';

type ThrottlerRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/** Lets the throttler count with the {@link RateLimiter}, which knows limit and period already. Times are in seconds. */
@Injectable()
export class RateLimiterStorage implements ThrottlerStorage {
  constructor(private readonly limiter: RateLimiter) {}

  increment(caller: string): Promise<ThrottlerRecord> {
    const { admitted, remaining, resetsIn } = this.limiter.take(caller);
    const seconds = Math.ceil(resetsIn / 1_000);
    return Promise.resolve({
      totalHits: this.limiter.limit - remaining,
      timeToExpire: seconds,
      isBlocked: !admitted,
      timeToBlockExpire: admitted ? 0 : seconds,
    });
  }
}
