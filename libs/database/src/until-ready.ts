import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { QueryFailedError } from 'typeorm';
import { connectionProblem } from './connection-problem.js';
import {
  DatabaseConnectionLostError,
  DatabaseNotReadyError,
  DatabaseUnavailableError,
  DatabaseUnfitError,
} from './database-errors.js';

/**
 * How to wait for the database.
 *
 * @publicApi
 */
export interface DatabaseWait {
  /** What messages call the setting with the URL, such as the name of a variable. */
  readonly urlName?: string | undefined;
  /** Time limit for repeated attempts, in milliseconds; there is one attempt at least. */
  readonly patience: number;
  /** Ends the waiting at once. A statement under way ends with the process. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the reason for waiting, at each attempt. */
  readonly onRetry?: ((reason: string) => void) | undefined;
}

/**
 * The way to a database, and how to wait for it.
 *
 * @publicApi
 */
export interface DatabaseAccess {
  readonly url: string;
  readonly wait: DatabaseWait;
}

/** Time between two attempts, in milliseconds. */
const RETRY_INTERVAL = 500;
/** The classes of SQLSTATE for a broken connection, a server without room, and one that stops. */
const OF_CONNECTION = /^(08|53|57P)/;

/** The database is not ready. The message says why. */
export class Obstacle extends Error {
  /** @param passes whether it may pass by itself */
  constructor(
    reason: string,
    readonly passes: boolean,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }
}

/**
 * Repeats an attempt until the database is ready for it.
 *
 * @throws {DatabaseNotReadyError} when the time is up, when waiting would not help, or at the signal
 * @throws the reason of the signal if that was given before the call
 * @throws what the attempt throws, unless it tells of the connection
 * @publicApi
 */
export async function untilReady<T>(attempt: () => Promise<T>, wait: DatabaseWait): Promise<T> {
  const { signal } = wait;
  signal?.throwIfAborted();
  const interrupted = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => {
      reject(new DatabaseNotReadyError('interrupted'));
    });
  });
  return Promise.race([repeat(attempt, wait), interrupted]);
}

async function repeat<T>(attempt: () => Promise<T>, { urlName = 'url', ...wait }: DatabaseWait): Promise<T> {
  const { patience, signal, onRetry } = wait;
  const deadline = performance.now() + patience;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const obstacle = obstacleOf(error, urlName);
      if (!obstacle) throw error;
      const { message, passes, cause } = obstacle;
      if (!passes || performance.now() >= deadline) throw new DatabaseNotReadyError(message, { cause });
      onRetry?.(message);
    }
    await sleep(RETRY_INTERVAL, undefined, { signal });
  }
}

function obstacleOf(error: unknown, urlName: string): Obstacle | undefined {
  if (error instanceof Obstacle) return error;
  const failure: unknown = error instanceof QueryFailedError ? error.driverError : error;
  const isOfConnection =
    failure instanceof DatabaseUnavailableError ||
    failure instanceof DatabaseConnectionLostError ||
    failure instanceof DatabaseUnfitError ||
    (failure instanceof pg.DatabaseError && OF_CONNECTION.test(failure.code ?? ''));
  if (!isOfConnection) return undefined;
  const reason = failure instanceof DatabaseUnavailableError ? (failure.cause ?? failure) : failure;
  const { message, passes } = connectionProblem(reason, urlName);
  return new Obstacle(message, passes, { cause: error });
}
