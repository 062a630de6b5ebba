import { CacheHealth } from '@mes/cache';
import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';

/**
 * Reports whether cached responses are trusted, and what is wrong with the cache. Without it the API is slower but right, so it is
 * degraded, not down.
 */
@Injectable()
export class CacheHealthIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly health: CacheHealth,
  ) {}

  check<Key extends string>(key: Key): HealthIndicatorResult<Key> {
    const indicator = this.indicators.check(key);
    const { trusted, problem } = this.health;
    if (!problem) return indicator.up({ trusted });
    return indicator.degraded({ trusted, problem: problem.kind, message: problem.message });
  }
}
