import { DatabaseConnectionLostError, DatabaseUnavailableError } from '@mes/database';
import pg from 'pg';
import { QueryFailedError, QueryRunnerAlreadyReleasedError, TypeORMError } from 'typeorm';

/**
 * SQLSTATE classes and codes whose cause is the server, not the statement: lost connections, lack of disk space or memory,
 * shutdown, cancelled statements, transactions that are idle or last for too long, locks and deadlocks, a read-only server, a
 * right that the role has lost, and tables, functions and types that a running restore has not yet created.
 */
const SQLSTATES = /^(08|53|57|58|55P03$|40001$|40P01$|25006$|25P0[34]$|42501$|42P01$|42883$|42704$)/;

/** A query failed after an earlier one of the same write was committed. The cause is the error of the query. */
export class FailedAfterCommitError extends Error {
  constructor(cause: unknown) {
    super('a query failed after a part of the write was committed', { cause });
  }
}

/**
 * Whether the database is unavailable, overloaded or busy, so that a retry makes sense. Only errors of database connections
 * count: an aborted request of a client is a network error as well.
 */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof FailedAfterCommitError) return isDatabaseAway(error.cause);
  if (error instanceof DatabaseUnavailableError) return true;
  // The connection of a transaction was lost between two of its statements.
  if (error instanceof QueryRunnerAlreadyReleasedError) return true;
  if (!(error instanceof QueryFailedError))
    return error instanceof TypeORMError && error.message.startsWith('Driver not Connected');
  const driverError: unknown = error.driverError;
  if (driverError instanceof pg.DatabaseError) return SQLSTATES.test(driverError.code ?? '');
  return driverError instanceof DatabaseConnectionLostError;
}
