import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import pg from 'pg';
import { BoundedPool } from './bounded-pool.js';
import { migrations } from './migrations/index.js';

/** How to reach PostgreSQL and how long it may take. All times are in milliseconds. */
export interface DatabaseSettings {
  readonly url: string;
  /** Connections at most, per process. */
  readonly poolSize: number;
  /** How long one statement may run before PostgreSQL cancels it. */
  readonly statementTimeout: number;
  /** How long a statement may wait for a lock. */
  readonly lockTimeout: number;
  /** How long a request may wait for a connection of the pool. */
  readonly acquireTimeout: number;
}

/** Timeouts that keep every transaction far below the time that the cache allows for a write. */
export const DATABASE_DEFAULTS = {
  poolSize: 10,
  statementTimeout: 5_000,
  lockTimeout: 2_000,
  acquireTimeout: 5_000,
} satisfies Omit<DatabaseSettings, 'url'>;

/** TypeORM options for these settings: the schema comes from migrations alone, never from `synchronize`. */
export function databaseOptions(settings: DatabaseSettings): PostgresDataSourceOptions {
  return {
    type: 'postgres',
    url: settings.url,
    synchronize: false,
    migrations,
    migrationsTableName: 'schema_migrations',
    poolSize: settings.poolSize,
    driver: { ...pg, Pool: BoundedPool },
    applicationName: 'mes-orders-api',
    extra: {
      connectionTimeoutMillis: settings.acquireTimeout,
      statement_timeout: settings.statementTimeout,
      lock_timeout: settings.lockTimeout,
      idle_in_transaction_session_timeout: settings.statementTimeout,
      keepAlive: true,
    },
  };
}
