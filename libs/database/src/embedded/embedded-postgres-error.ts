/**
 * The kinds of failure of the embedded PostgreSQL.
 *
 * @publicApi
 */
export type EmbeddedPostgresErrorCode =
  /** No PostgreSQL binaries are installed for this operating system and processor. */
  | 'UNSUPPORTED_PLATFORM'
  /** The binaries are installed, but do not run. */
  | 'BINARIES_UNUSABLE'
  /** Root starts it, and there is no unprivileged user to run PostgreSQL as, nor could one be created. */
  | 'NO_SERVER_USER'
  /** The data directory could not be created. */
  | 'INITDB_FAILED'
  /** The directory holds something that this user cannot use as a database. */
  | 'DATA_UNUSABLE'
  /** Another live process owns the database in this directory. */
  | 'IN_USE'
  /** The server of a killed run neither answers nor stops. */
  | 'ORPHAN_NOT_STOPPED'
  /** PostgreSQL did not start; the message ends with the last lines of its log. */
  | 'START_FAILED';

/**
 * A failure of the embedded PostgreSQL that its user can mend. The message says how.
 *
 * @publicApi
 */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';

  constructor(
    /** The kind of failure. */
    readonly code: EmbeddedPostgresErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
