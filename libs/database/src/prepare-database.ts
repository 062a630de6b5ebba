import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { DataSource, QueryFailedError } from 'typeorm';
import { ADVISORY_LOCKS } from './advisory-locks.js';
import { DatabaseClient } from './database-client.js';
import { DatabaseUnavailableError } from './database-errors.js';
import { databaseOptions, poolOf } from './database-options.js';
import { DATABASE_DEFAULTS } from './database-settings.js';
import { reasonOf } from './reason-of.js';

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
  /** Told what is waited for, whenever that changes. */
  readonly onRetry?: (reason: string) => void;
}

const RETRY_INTERVAL = 500;
/** Of questions that take no time; in milliseconds. */
const QUERY_TIMEOUT = 3_000;
/** How often the server is asked whether it is still there while a migration runs, in milliseconds. */
const HEARTBEAT_INTERVAL = 2_000;

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
  const deadline = performance.now() + patience;
  let told: string | undefined;
  for (;;) {
    const obstacle = await attempt(url, signal);
    if (!obstacle) return;
    const { reason, cause, passes } = obstacle;
    if (!passes || performance.now() >= deadline) throw new DatabaseNotReadyError(reason, { cause });
    if (reason !== told) onRetry?.(reason);
    told = reason;
    await sleep(RETRY_INTERVAL, undefined, { signal });
  }
}

/** Why the database is not ready. */
interface Obstacle {
  readonly reason: string;
  readonly cause?: unknown;
  /** Whether it may pass by itself. */
  readonly passes: boolean;
}

async function attempt(url: string, signal: AbortSignal | undefined): Promise<Obstacle | undefined> {
  const client = new DatabaseClient({ url, queryTimeout: QUERY_TIMEOUT });
  try {
    const holder = await client.connect().then(lock);
    if (holder !== undefined) {
      await client.end();
      return { reason: `another instance migrates the database: ${holder}`, passes: true };
    }
  } catch (error) {
    await client.end();
    return { reason: `PostgreSQL is not there: ${reasonOf(error)}`, cause: error, passes: !isRefusal(error) };
  }
  try {
    await migrateWhileItAnswers(client, url, signal);
    return undefined;
  } catch (error) {
    const reason = `the database schema could not be migrated: ${reasonOf(error)}`;
    return { reason, cause: error, passes: passesWithTime(error) };
  } finally {
    await client.end();
  }
}

/** Takes the lock, or resolves with who has it. */
async function lock(client: DatabaseClient): Promise<string | undefined> {
  const { rows } = await client.query<{ mine: boolean; holder: string | null }>(
    `SELECT pg_try_advisory_lock($1) AS mine, (
       SELECT format('process %s of PostgreSQL, %s', l.pid, coalesce(nullif(a.application_name, ''), 'without a name'))
       FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
       WHERE l.locktype = 'advisory' AND l.granted AND l.pid <> pg_backend_pid() AND l.objsubid = 1
         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
         AND (l.classid::bigint << 32) + l.objid::bigint = $1 LIMIT 1
     ) AS holder`,
    [ADVISORY_LOCKS.migrations],
  );
  const [row] = rows;
  return row?.mine === true ? undefined : (row?.holder ?? 'its lock is taken');
}

/**
 * A migration may take long, so its statements have no limit. Whether the server is still there, and the lock with it, is
 * seen on the connection that holds the lock.
 */
async function migrateWhileItAnswers(
  client: DatabaseClient,
  url: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const done = new AbortController();
  const dataSource = new DataSource(databaseOptions({ ...DATABASE_DEFAULTS, url, poolSize: 1, statementTimeout: 0 }));
  try {
    await Promise.race([
      migrate(dataSource),
      heartbeats(client, AbortSignal.any([done.signal, ...(signal ? [signal] : [])])),
    ]);
  } catch (error) {
    if (dataSource.isInitialized) poolOf(dataSource).discardAll();
    throw error;
  } finally {
    done.abort();
    if (dataSource.isInitialized) await dataSource.destroy();
  }
}

async function migrate(dataSource: DataSource): Promise<void> {
  await dataSource.initialize();
  await dataSource.runMigrations({ transaction: 'each' });
}

/** Rejects when the server does not answer any more, or when the signal is given. */
async function heartbeats(client: DatabaseClient, signal: AbortSignal): Promise<never> {
  for (;;) {
    try {
      await client.query('SELECT');
    } catch (error) {
      throw new DatabaseUnavailableError(reasonOf(error), { cause: error });
    }
    await sleep(HEARTBEAT_INTERVAL, undefined, { signal });
  }
}

/** A wrong password or database name does not get better by waiting: SQLSTATE classes 28 and 3D. */
function isRefusal(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^(28|3D)/.test(code);
}

/** A lost connection, a lock that somebody else holds, a server that is overloaded or restarts: not a wrong statement. */
function passesWithTime(error: unknown): boolean {
  if (error instanceof DatabaseUnavailableError) return !isRefusal(error.cause);
  if (!(error instanceof QueryFailedError)) return false;
  const driverError: unknown = error.driverError;
  return !(driverError instanceof pg.DatabaseError) || /^(08|40|53|57|58|55P03$)/.test(driverError.code ?? '');
}
