import { Backplane, VersionStore } from '@mes/cache';
import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';

/** Reports whether cached responses are trusted. Without them the API is slower but right, so it is up all the same. */
@Injectable()
export class CacheHealthIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly versions: VersionStore,
    private readonly backplane: Backplane,
  ) {}

  check<Key extends string>(key: Key): HealthIndicatorResult<Key> {
    return this.indicators.check(key).up({ trusted: this.versions.available && this.backplane.mayAnswer });
  }
}
