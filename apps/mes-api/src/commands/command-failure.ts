import { DatabaseNotReadyError, EmbeddedPostgresError } from '@mes/database';
import { EnvironmentError } from '../config/environment-error.js';

/** A command is refused. The message tells the user why. */
export class CommandError extends Error {
  readonly code = 'COMMAND_REFUSED';
}

/**
 * Reports an error on standard error and exits with 1. Of an error that the user can fix, only the message is shown; of any
 * other one, the stack as well.
 */
export function fail(error: unknown, what = 'MES Orders API cannot start'): never {
  const { code } = error as { readonly code?: unknown };
  const isWrongOption = typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS_');
  const isFixableByUser =
    error instanceof CommandError ||
    error instanceof EnvironmentError ||
    error instanceof DatabaseNotReadyError ||
    error instanceof EmbeddedPostgresError;
  let message = isFixableByUser && error instanceof Error ? error.message : error;
  // Node's further sentences are about arguments that begin with dashes.
  if (isWrongOption && error instanceof Error)
    message = `${error.message.split(/\.\s/)[0] ?? ''}; --help shows the usage`;
  console.error(`${what}:`, message);
  process.exit(1);
}
