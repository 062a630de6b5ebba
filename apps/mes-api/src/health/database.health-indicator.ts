import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { PostgresNotifications } from '../backplane/postgres-notifications.js';
import { SchemaFit } from '../database-errors/schema-fit.js';

/**
 * Reports whether PostgreSQL answers. It reads the existing heartbeat, so that checks take no connection from requests. A schema that
 * does not fit is the same for all instances, so the database is degraded then, not down.
 */
@Injectable()
export class DatabaseHealthIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly notifications: PostgresNotifications,
    private readonly schema: SchemaFit,
  ) {}

  check<Key extends string>(key: Key): HealthIndicatorResult<Key> {
    const indicator = this.indicators.check(key);
    if (!this.notifications.isAnswering) return indicator.down();
    const message = this.schema.problem;
    return message === undefined ? indicator.up() : indicator.degraded({ message });
  }

  /** Why PostgreSQL does not answer, if that is known. */
  get problem(): string | undefined {
    return this.notifications.problem;
  }
}
