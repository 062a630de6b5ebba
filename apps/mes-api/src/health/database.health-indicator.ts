import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { PostgresNotifications } from '../backplane/postgres-notifications.js';

/**
 * Reports whether PostgreSQL answers, by the heartbeat that is there anyway: however often readiness is asked for, it takes
 * nothing that requests need.
 */
@Injectable()
export class DatabaseHealthIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly notifications: PostgresNotifications,
  ) {}

  check<Key extends string>(key: Key): HealthIndicatorResult<Key> {
    const indicator = this.indicators.check(key);
    return this.notifications.isAnswering ? indicator.up() : indicator.down();
  }
}
