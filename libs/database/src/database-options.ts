import pg from 'pg';
import type { DataSource } from 'typeorm';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import { BoundedPool } from './bounded-pool.js';
import { DatabaseClient } from './database-client.js';
import type { DatabaseSettings } from './database-settings.js';
import { migrations } from './migrations/index.js';

/** How much longer than PostgreSQL's own limit for a statement its answer may take, in milliseconds. */
const GRACE = 1_000;

/** TypeORM options for these settings: the schema comes from migrations alone, never from `synchronize`. */
export function databaseOptions(settings: DatabaseSettings): PostgresDataSourceOptions {
  const { url, statementTimeout } = settings;
  const queryTimeout = statementTimeout === 0 ? 0 : statementTimeout + GRACE;
  return {
    type: 'postgres',
    url,
    synchronize: false,
    migrations,
    migrationsTableName: 'schema_migrations',
    poolSize: settings.poolSize,
    driver: { ...pg, Pool: BoundedPool },
    extra: {
      connectionTimeoutMillis: settings.acquireTimeout,
      Client: class extends DatabaseClient {
        constructor() {
          super({ url, queryTimeout, statementTimeout, lockTimeout: settings.lockTimeout });
        }
      },
    },
  };
}

/** The pool of a data source that was made with {@link databaseOptions} and is initialized. */
export function poolOf(dataSource: DataSource): BoundedPool {
  return (dataSource.driver as unknown as { readonly master: BoundedPool }).master;
}

/**
 * Discards the connections of the pool that nobody uses. To be called when PostgreSQL seems to have vanished: they would cost
 * the next requests a time limit each, while new connections may work already. Costs nothing but new connections.
 *
 * @param dataSource made with {@link databaseOptions}
 */
export function discardIdleConnections(dataSource: DataSource): void {
  if (dataSource.isInitialized) poolOf(dataSource).discardIdle();
}
