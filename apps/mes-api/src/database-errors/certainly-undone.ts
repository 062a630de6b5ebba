import pg from 'pg';
import { QueryFailedError } from 'typeorm';
import { isDatabaseAway } from './database-away.js';

/** SQLSTATEs of statements that may still have an effect: the connection or the server is ending. */
const UNCERTAIN = /^(08|57P|58|F0|XX|40003$)/;

/** Whether a write that failed in this way has certainly had no effect, and never will. */
export function isCertainlyUndone(error: unknown): boolean {
  // There was no connection, so nothing was sent.
  if (!(error instanceof QueryFailedError)) return isDatabaseAway(error);
  const driverError: unknown = error.driverError;
  if (!(driverError instanceof pg.DatabaseError)) return false;
  // A server that panics, for lack of disk space for example, may find the commit in its log when it starts again.
  return driverError.severity === 'ERROR' && !UNCERTAIN.test(driverError.code ?? '');
}
