/**
 * No connection to the database could be opened, so nothing was sent to it. The `cause` says why.
 *
 * @publicApi
 */
export class DatabaseUnavailableError extends Error {
  readonly code = 'DATABASE_UNAVAILABLE';

  constructor(reason: string, options?: ErrorOptions) {
    super(`no connection to PostgreSQL: ${reason}`, options);
  }
}

/**
 * The connection was lost, or destroyed because PostgreSQL did not answer in time. PostgreSQL may nevertheless have
 * executed the query under way.
 *
 * @publicApi
 */
export class DatabaseConnectionLostError extends Error {
  readonly code = 'DATABASE_CONNECTION_LOST';
}

/**
 * The server, or its settings for this user, would break the application's promises: a standby, a read-only session, triggers
 * that do not run.
 *
 * @publicApi
 */
export class DatabaseUnfitError extends Error {
  readonly code = 'DATABASE_UNFIT';
}

/**
 * The database could not be reached in the time allowed, or its schema could not be brought up to date.
 *
 * @publicApi
 */
export class DatabaseNotReadyError extends Error {
  readonly code = 'DATABASE_NOT_READY';
}

/** The message of an error. A host with several addresses fails with one error for each: their messages are joined. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
