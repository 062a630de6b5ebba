/** No connection to the database could be had, so nothing was sent to it. The cause says why. */
export class DatabaseUnavailableError extends Error {
  readonly code = 'DATABASE_UNAVAILABLE';

  constructor(reason: string, options?: ErrorOptions) {
    super(`no connection to PostgreSQL: ${reason}`, options);
  }
}

/** The connection was lost, or destroyed because PostgreSQL did not answer in time: what was under way may have been carried out. */
export class DatabaseConnectionLostError extends Error {
  readonly code = 'DATABASE_CONNECTION_LOST';
}

/** The server, or its settings for this user, would break what the application promises. */
export class DatabaseUnfitError extends Error {
  readonly code = 'DATABASE_UNFIT';
}
