import pg from 'pg';
import { QueryFailedError } from 'typeorm';
import { FailedAfterCommitError, isDatabaseAway } from './database-away.js';

/** SQLSTATEs with an uncertain outcome: the connection or the server ends, and the statement may have been executed. */
const UNCERTAIN = /^(08|57P|58|F0|XX|40003$)/;

/**
 * SQLSTATEs that a panic may have as well, which are those of files, for example on a full disk. The server may find the commit in its
 * log when it restarts.
 */
const MAYBE_PANIC = /^(53|42501$|42809$)/;

/** Whether a write that failed with this error was certainly not executed, and never will be. */
export function isCertainlyUndone(error: unknown): boolean {
  if (error instanceof FailedAfterCommitError) return false;
  // Other errors of the database mean that there was no connection, so no statement was sent.
  if (!(error instanceof QueryFailedError)) return isDatabaseAway(error);
  const driverError: unknown = error.driverError;
  if (!(driverError instanceof pg.DatabaseError)) return false;
  const { code = '', severity } = driverError;
  // The server writes the severity in the language of lc_messages.
  return !UNCERTAIN.test(code) && (severity === 'ERROR' || !MAYBE_PANIC.test(code));
}
