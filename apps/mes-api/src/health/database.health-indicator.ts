import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { PostgresNotifications } from '../backplane/postgres-notifications.js';
import { DatabaseTrouble } from '../database-errors/database-trouble.js';

/**
 * Reports whether PostgreSQL answers. It reads the existing heartbeat, so that checks take no connection from requests. While it answers,
 * and requests do not get what they need, hits are still served, and other instances do no better. So the database is degraded, not down.
 */
@Injectable()
export class DatabaseHealthIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly notifications: PostgresNotifications,
    private readonly trouble: DatabaseTrouble,
  ) {}

  check<Key extends string>(key: Key): HealthIndicatorResult<Key> {
    const indicator = this.indicators.check(key);
    if (!this.notifications.isAnswering) return indicator.down();
    const message = this.trouble.problem;
    return message === undefined ? indicator.up() : indicator.degraded({ message });
  }

  /** Why PostgreSQL does not answer, if that is known. */
  get problem(): string | undefined {
    return this.notifications.problem;
  }
}
