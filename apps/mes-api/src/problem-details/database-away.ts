import { isNativeError } from 'node:util/types';

/** SQLSTATE classes and codes that say that the server, not the statement, is the trouble. */
const SQLSTATES = /^(08|53|57P|58|57014$|55P03$|40001$|40P01$|25006$)/;

const NETWORK_OR_POOL = new Set([
  'DATABASE_BUSY',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'EAI_AGAIN',
]);

/** What node-postgres says, without a code, of a connection that it lost or could not get. */
const MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Query read timeout|Driver not Connected)/i;

/** Whether the statement failed because PostgreSQL is away, overloaded or busy: trying again later makes sense. */
export function isDatabaseAway(error: unknown): boolean {
  const inner = (error as { driverError?: unknown } | undefined)?.driverError ?? error;
  if (!isNativeError(inner)) return false;
  const { code } = inner as { code?: unknown };
  if (typeof code === 'string' && (SQLSTATES.test(code) || NETWORK_OR_POOL.has(code))) return true;
  const { errors } = inner as { errors?: unknown };
  if (Array.isArray(errors)) return errors.some(isDatabaseAway);
  return MESSAGES.test(inner.message);
}
