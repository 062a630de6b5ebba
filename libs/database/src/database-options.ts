import pg from 'pg';
import type { DataSource } from 'typeorm';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import { BoundedPool } from './bounded-pool.js';
import { DatabaseClient, type StatementListener } from './database-client.js';
import type { DatabaseSettings } from './database-settings.js';
import { migrations } from './migrations/migrations.js';
import { MIGRATIONS_TABLE } from './schema.js';

/** Time that an answer may take beyond PostgreSQL's own limit for a statement, in milliseconds. */
const GRACE = 1_000;

/**
 * TypeORM options for these settings. The schema comes from migrations alone, never from `synchronize`. Without a connection,
 * queries fail with a DatabaseUnavailableError; when it breaks, with a DatabaseConnectionLostError.
 *
 * @param onStatement is told of each statement
 * @publicApi
 */
export function databaseOptions(
  settings: DatabaseSettings,
  onStatement?: StatementListener,
): PostgresDataSourceOptions {
  const { url, isPooled, statementTimeout, lockTimeout } = settings;
  const queryTimeout = statementTimeout === 0 ? 0 : statementTimeout + GRACE;
  return {
    type: 'postgres',
    url,
    synchronize: false,
    migrations,
    migrationsTableName: MIGRATIONS_TABLE,
    migrationsTransactionMode: 'each',
    poolSize: settings.poolSize,
    driver: { ...pg, Pool: BoundedPool },
    extra: {
      connectionTimeoutMillis: settings.acquireTimeout,
      Client: class extends DatabaseClient {
        constructor() {
          super({ url, isPooled, queryTimeout, statementTimeout, lockTimeout, onStatement });
        }
      },
    },
  };
}

/**
 * The pool of an initialized data source that was made with {@link databaseOptions}.
 *
 * @publicApi
 */
export function poolOf(dataSource: DataSource): BoundedPool {
  return (dataSource.driver as unknown as { readonly master: BoundedPool }).master;
}

/**
 * Discards the connections of the pool that are not in use. Call this when PostgreSQL seems to have vanished: each of them would
 * cost a request a time limit, while new connections may already work.
 *
 * @param dataSource made with {@link databaseOptions}
 * @publicApi
 */
export function discardIdleConnections(dataSource: DataSource): void {
  if (dataSource.isInitialized) poolOf(dataSource).discardIdle();
}
