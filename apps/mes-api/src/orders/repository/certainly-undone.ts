import pg from 'pg';
import { QueryFailedError } from 'typeorm';
import { isDatabaseAway } from '../../database-errors/database-away.js';
import { OrderError } from '../order-errors.js';

/** SQLSTATEs that may come of a statement that was carried out, or still will be: the connection or the server is ending. */
const UNCERTAIN = /^(08|57P|58|F0|XX|40003$)/;

/** Whether a write that failed in this way has certainly not happened, and never will. */
export function isCertainlyUndone(error: unknown): boolean {
  if (error instanceof OrderError) return true;
  // What is no failed query and yet the database's fault is a connection that could not be had: nothing was sent.
  if (!(error instanceof QueryFailedError)) return isDatabaseAway(error);
  const driverError: unknown = error.driverError;
  if (!(driverError instanceof pg.DatabaseError)) return false;
  // A server that panics, for want of room for its log, say, may find the commit in it when it starts again.
  return driverError.severity === 'ERROR' && !UNCERTAIN.test(driverError.code ?? '');
}
