import { poolOf } from '@mes/database';
import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { PostgresNotifications } from '../backplane/postgres-notifications.js';

/** SQLSTATE of a column, table, function or type that does not exist, and of a right that the role lacks. */
const MISFIT = /^42(703|P01|883|704|501)$/;

/** How long after such a failure of a statement the database counts as one that does not fit, in milliseconds. */
const MISFIT_MS = 30_000;

/**
 * Reports whether PostgreSQL answers. It reads the existing heartbeat, so that checks take no connection from requests.
 *
 * If statements fail because the schema or the rights are not those of this build, as after the restore of an older dump, that is so
 * for all instances: it is degraded, not down.
 */
@Injectable()
export class DatabaseHealthIndicator {
  private misfitAt = -Infinity;

  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly notifications: PostgresNotifications,
    @InjectDataSource() dataSource: DataSource,
  ) {
    poolOf(dataSource).statementListeners.push(() => (error) => {
      const { code } = (error ?? {}) as { readonly code?: unknown };
      if (MISFIT.test(String(code))) this.misfitAt = performance.now();
    });
  }

  check<Key extends string>(key: Key): HealthIndicatorResult<Key> {
    const indicator = this.indicators.check(key);
    if (!this.notifications.isAnswering) return indicator.down();
    if (performance.now() - this.misfitAt > MISFIT_MS) return indicator.up();
    const message =
      'statements fail because tables, columns, functions or rights are missing: run npm run migrate, and see the log';
    return indicator.degraded({ message });
  }

  /** Why PostgreSQL does not answer, if that is known. */
  get problem(): string | undefined {
    return this.notifications.problem;
  }
}
