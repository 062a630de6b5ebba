export { databaseOptions, DATABASE_DEFAULTS, type DatabaseSettings } from './database-options.js';
export { DatabaseNotReadyError, prepareDatabase, type PrepareDatabaseOptions } from './prepare-database.js';
export {
  EmbeddedPostgres,
  type EmbeddedPostgresExit,
  type EmbeddedPostgresOptions,
} from './embedded/embedded-postgres.js';
export { EmbeddedPostgresError, type EmbeddedPostgresErrorCode } from './embedded/embedded-postgres-error.js';
export { readCacheNamespace } from './cache-namespace.js';
export { readSharedSecret, type SharedSecret } from './shared-secret.js';
