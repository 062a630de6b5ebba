import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { databaseOptions, DATABASE_DEFAULTS } from './database-options.js';

/** The database could not be reached in the time allowed, or its schema could not be brought up to date. */
export class DatabaseNotReadyError extends Error {
  readonly code = 'DATABASE_NOT_READY';
}

export interface PrepareDatabaseOptions {
  readonly url: string;
  /** How long to go on trying, in milliseconds. */
  readonly patience: number;
  /** Ends the waiting at once. A migration that is under way is rolled back when the process ends. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each failed attempt. */
  readonly onRetry?: (reason: string) => void;
}

/** Any number: all instances that start at the same time must agree on it. */
const MIGRATION_LOCK = 7_391_245;
const RETRY_INTERVAL = 500;

/**
 * Waits until PostgreSQL accepts connections, and migrates it. Of several instances that start at once, one migrates and
 * the others wait for it.
 *
 * @throws {DatabaseNotReadyError}
 */
export async function prepareDatabase(options: PrepareDatabaseOptions): Promise<void> {
  const { signal } = options;
  const interrupted = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => {
      reject(new DatabaseNotReadyError('interrupted'));
    });
  });
  signal?.throwIfAborted();
  await Promise.race([prepare(options), interrupted]);
}

async function prepare({ url, patience, signal, onRetry }: PrepareDatabaseOptions): Promise<void> {
  const client = await connect(url, performance.now() + patience, { signal, onRetry });
  // The connection is only waited on while it holds the lock; what breaks it meanwhile fails the next query.
  client.on('error', (error) => onRetry?.(error.message));
  signal?.addEventListener('abort', () => void client.end());
  try {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await migrate(url);
  } catch (error) {
    throw new DatabaseNotReadyError(`the database schema could not be migrated: ${messageOf(error)}`, { cause: error });
  } finally {
    await client.end();
  }
}

async function connect(
  url: string,
  deadline: number,
  { signal, onRetry }: Pick<PrepareDatabaseOptions, 'signal' | 'onRetry'>,
): Promise<pg.Client> {
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      const reason = messageOf(error);
      if (performance.now() >= deadline || !isTransient(error)) {
        throw new DatabaseNotReadyError(`PostgreSQL is not there: ${reason}`, { cause: error });
      }
      onRetry?.(reason);
      await sleep(RETRY_INTERVAL, undefined, { signal });
    }
  }
}

async function migrate(url: string): Promise<void> {
  const dataSource = new DataSource({
    ...databaseOptions({ ...DATABASE_DEFAULTS, url, poolSize: 1 }),
    // An index over a large table takes longer than a request may.
    extra: { statement_timeout: 0 },
  });
  await dataSource.initialize();
  try {
    await dataSource.runMigrations({ transaction: 'each' });
  } finally {
    await dataSource.destroy();
  }
}

/** A wrong password or database name does not get better by waiting: SQLSTATE classes 28 and 3D. */
function isTransient(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return typeof code !== 'string' || !/^(28|3D)/.test(code);
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
