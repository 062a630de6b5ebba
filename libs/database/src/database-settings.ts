/** How to reach PostgreSQL and how long it may take. All times are in milliseconds. */
export interface DatabaseSettings {
  readonly url: string;
  /** Connections at most, per process. */
  readonly poolSize: number;
  /** How long one statement may run before PostgreSQL cancels it; 0: for ever. */
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
