import { Inject, Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { IssuerKeysWatch } from '../auth/issuer-keys-watch.js';

/**
 * Reports whether the keys of the issuer can be used, and its metadata read. The issuer is the same for all instances, so one without keys
 * is degraded, not down: no other one would serve its requests.
 */
@Injectable()
export class IssuerHealthIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    @Inject(IssuerKeysWatch) private readonly watch: IssuerKeysWatch | null,
  ) {}

  check<Key extends string>(key: Key): HealthIndicatorResult<Key> {
    const indicator = this.indicators.check(key);
    const message = this.watch?.problem;
    return message === undefined ? indicator.up() : indicator.degraded({ message });
  }
}
