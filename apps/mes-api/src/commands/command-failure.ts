import { DatabaseNotReadyError, EmbeddedPostgresError } from '@mes/database';
import { EnvironmentError } from '../config/environment.js';

/** A command cannot do what it was asked for; the message tells its user why. */
export class CommandError extends Error {
  readonly code = 'COMMAND_REFUSED';
}

/**
 * Says on standard error why a command cannot go on, and ends the process with 1. What the user can mend is said in plain
 * words; anything else is a fault of the program and shows where it comes from.
 */
export function fail(error: unknown, what = 'MES Orders API cannot start'): never {
  const { code } = error as { readonly code?: unknown };
  const isUsersToMend =
    error instanceof CommandError ||
    error instanceof EnvironmentError ||
    error instanceof DatabaseNotReadyError ||
    error instanceof EmbeddedPostgresError ||
    code === 'EADDRINUSE' ||
    (typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS_'));
  const message = isUsersToMend && error instanceof Error ? error.message : error;
  console.error(`${what}:`, message);
  process.exit(1);
}
