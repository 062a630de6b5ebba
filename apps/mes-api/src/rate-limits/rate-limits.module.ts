import { Global, Module, type FactoryProvider } from '@nestjs/common';
import { ThrottlerModule } from '@nestjs/throttler';
import { Configuration } from '../config/configuration.js';
import { RateLimiter, WINDOW_MS } from './rate-limiter.js';
import { RateLimiterStorage } from './rate-limiter.storage.js';
import { SharedCounters } from './shared-counters.js';

const rateLimiter: FactoryProvider<RateLimiter> = {
  provide: RateLimiter,
  inject: [SharedCounters, Configuration],
  useFactory: (counters: SharedCounters, { rateLimitPerMinute }: Configuration) =>
    new RateLimiter(counters, { limit: rateLimitPerMinute }),
};

/** How many requests a caller may make. The guard that asks is registered with the others, whose order matters. */
@Global()
@Module({
  imports: [
    ThrottlerModule.forRootAsync({
      inject: [RateLimiter],
      useFactory: (limiter: RateLimiter) => ({
        throttlers: [{ limit: limiter.limit, ttl: WINDOW_MS }],
        storage: new RateLimiterStorage(limiter),
        // Only who is refused is told.
        setHeaders: false,
      }),
    }),
  ],
  providers: [SharedCounters, rateLimiter],
  exports: [RateLimiter, ThrottlerModule],
})
export class RateLimitsModule {}
