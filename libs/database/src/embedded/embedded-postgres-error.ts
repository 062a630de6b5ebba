/** What went wrong, for code that has to tell the cases apart; the message is for humans. */
export type EmbeddedPostgresErrorCode =
  /** No PostgreSQL binaries are installed for this operating system and processor. */
  | 'UNSUPPORTED_PLATFORM'
  /** The binaries are there, but do not run. */
  | 'BINARIES_UNUSABLE'
  /** Started by root, and there is no unprivileged user to run PostgreSQL as, nor could one be made. */
  | 'NO_SERVER_USER'
  /** The data directory could not be created. */
  | 'INITDB_FAILED'
  /** What lies in the directory is not data that this user can go on with. */
  | 'DATA_UNUSABLE'
  /** Another live process owns the database in this directory. */
  | 'IN_USE'
  /** A server left behind by a killed run neither answers nor stops. */
  | 'ORPHAN_NOT_STOPPED'
  /** PostgreSQL did not start; the message ends with the last lines of its log. */
  | 'START_FAILED';

/**
 * Every failure of the embedded PostgreSQL that its user can act on.
 *
 * @publicApi
 */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';

  constructor(
    /** Tells the cases apart without reading the message. */
    readonly code: EmbeddedPostgresErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
