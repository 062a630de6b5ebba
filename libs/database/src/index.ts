export { ADVISORY_LOCKS } from './advisory-locks.js';
export { BoundedPool } from './bounded-pool.js';
export {
  DatabaseClient,
  type DatabaseClientOptions,
  type ReachedServer,
  type StatementListener,
} from './database-client.js';
export {
  DatabaseConnectionLostError,
  DatabaseNotReadyError,
  DatabaseUnavailableError,
  DatabaseUnfitError,
} from './database-errors.js';
export { connectionProblem, type ConnectionProblem } from './connection-problem.js';
export { databaseUrlComplaint } from './database-url.js';
export { databaseOptions, discardIdleConnections, poolOf } from './database-options.js';
export { DATABASE_DEFAULTS, type DatabaseSettings } from './database-settings.js';
export {
  EmbeddedPostgres,
  type EmbeddedPostgresExit,
  type EmbeddedPostgresOptions,
} from './embedded/embedded-postgres.js';
export { EmbeddedPostgresError, type EmbeddedPostgresErrorCode } from './embedded/embedded-postgres-error.js';
export { prepareDatabase, type DatabasePreparation, type PrepareDatabaseOptions } from './prepare-database.js';
export { ServerClock } from './server-clock.js';
export { readCacheNamespace, readSharedSecret, type SharedSecret } from './shared-values.js';
export { untilReady, type DatabaseAccess, type DatabaseWait } from './until-ready.js';
