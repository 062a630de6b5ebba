import { DatabaseNotReadyError, EmbeddedPostgresError } from '@mes/database';
import { EnvironmentError } from '../config/environment.js';

/**
 * Says on standard error why a command cannot go on, and ends the process with 1. What the user can mend is said in plain
 * words; anything else is a fault of the program and shows where it comes from.
 */
export function fail(error: unknown): never {
  const isUsersToMend =
    error instanceof EnvironmentError ||
    error instanceof DatabaseNotReadyError ||
    error instanceof EmbeddedPostgresError ||
    (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  const message = isUsersToMend && error instanceof Error ? error.message : error;
  console.error('MES Orders API cannot start:', message);
  process.exit(1);
}
