import { DatabaseConnectionLostError, DatabaseUnavailableError } from '@mes/database';
import pg from 'pg';
import { QueryFailedError, QueryRunnerAlreadyReleasedError, TypeORMError } from 'typeorm';

/**
 * SQLSTATE classes and codes that say that the server, not the statement, is the trouble: lost connections, no room or memory,
 * shutdown, cancelled statements, locks and deadlocks, a server that may not be written to, and tables, functions and types that
 * are missing while a restore is making them.
 */
const SQLSTATES = /^(08|53|57|58|55P03$|40001$|40P01$|25006$|42P01$|42883$|42704$)/;

/**
 * Whether the database is away, overloaded or busy: trying again later makes sense. Only what comes of a connection to it is
 * asked for its reason: that a client breaks off its request is an error of the network as well.
 */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof DatabaseUnavailableError) return true;
  // The connection of a transaction was lost between two of its statements.
  if (error instanceof QueryRunnerAlreadyReleasedError) return true;
  if (!(error instanceof QueryFailedError))
    return error instanceof TypeORMError && error.message.startsWith('Driver not Connected');
  const driverError: unknown = error.driverError;
  if (driverError instanceof pg.DatabaseError) return SQLSTATES.test(driverError.code ?? '');
  return driverError instanceof DatabaseConnectionLostError;
}
