import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { PostgresNotifications } from '../backplane/postgres-notifications.js';

/** Reports whether PostgreSQL answers. It reads the existing heartbeat, so that checks take no connection from requests. */
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

  /** Why PostgreSQL does not answer, if that is known. */
  get problem(): string | undefined {
    return this.notifications.problem;
  }
}
