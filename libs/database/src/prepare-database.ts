import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { DataSource, QueryFailedError } from 'typeorm';
import { ADVISORY_LOCKS } from './advisory-locks.js';
import { connectionProblem } from './connection-problem.js';
import { DatabaseClient } from './database-client.js';
import { DatabaseNotReadyError, DatabaseUnavailableError, reasonOf } from './database-errors.js';
import { databaseOptions, poolOf } from './database-options.js';
import { DATABASE_DEFAULTS } from './database-settings.js';

/**
 * Options of {@link prepareDatabase}.
 *
 * @publicApi
 */
export interface PrepareDatabaseOptions {
  /** URL of the database. */
  readonly url: string;
  /** What messages call the setting with the URL, such as the name of a variable. */
  readonly urlName?: string | undefined;
  /** Time limit for repeated attempts, in milliseconds; there is one attempt at least. */
  readonly patience: number;
  /** Ends the waiting at once. A migration under way is rolled back when the process ends. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the reason for waiting, at each attempt. */
  readonly onRetry?: (reason: string) => void;
}

const RETRY_INTERVAL = 500;
/** Time limit of short queries, in milliseconds. */
const QUERY_TIMEOUT = 3_000;
/** Time limit for a notification, in milliseconds. */
const NOTIFICATION_TIMEOUT = 10_000;
const NOT_HEARD = 'notifications do not arrive, as through a connection pooler in transaction mode';
/** Time between two checks of the server during a migration, in milliseconds. */
const HEARTBEAT_INTERVAL = 2_000;

/**
 * Waits until PostgreSQL accepts connections, and migrates the database. If several instances start at once, one of them
 * migrates and the others wait for it.
 *
 * @throws {DatabaseNotReadyError} when the time is up, when waiting would not help, or at the signal
 * @throws the reason of the signal if that was given before the call
 * @publicApi
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

async function prepare({ url, urlName = 'url', patience, signal, onRetry }: PrepareDatabaseOptions): Promise<void> {
  const deadline = performance.now() + patience;
  for (;;) {
    const obstacle = await attempt(url, urlName, signal);
    if (!obstacle) return;
    const { reason, cause, passes } = obstacle;
    if (!passes || performance.now() >= deadline) throw new DatabaseNotReadyError(reason, { cause });
    onRetry?.(reason);
    await sleep(RETRY_INTERVAL, undefined, { signal });
  }
}

/** The reason why the database is not ready. */
interface Obstacle {
  readonly reason: string;
  readonly cause?: unknown;
  /** True if it may pass by itself. */
  readonly passes: boolean;
}

async function attempt(url: string, urlName: string, signal: AbortSignal | undefined): Promise<Obstacle | undefined> {
  const client = new DatabaseClient({ url, queryTimeout: QUERY_TIMEOUT });
  try {
    await client.connect();
    // Before the lock, which a pooler would keep.
    if (!(await hearsNotifications(client, url))) {
      await client.end();
      return { reason: `${NOT_HEARD}: name PostgreSQL itself in ${urlName}, or set pool_mode=session`, passes: false };
    }
    const holder = await lock(client);
    if (holder !== undefined) {
      await client.end();
      const reason = `another instance migrates the database (${holder}): wait for it, or end that process if it hangs`;
      return { reason, passes: true };
    }
  } catch (error) {
    await client.end();
    const { message, passes } = connectionProblem(error, urlName);
    return { reason: message, cause: error, passes };
  }
  try {
    await migrateWhileItAnswers(client, url, signal);
    return undefined;
  } catch (error) {
    const reason = `the database schema could not be migrated: ${reasonOf(error)}${remedyOf(error, urlName)}`;
    return { reason, cause: error, passes: passesWithTime(error) };
  } finally {
    await client.end();
  }
}

/** Whether this connection receives what another one notifies. A connection pooler in transaction mode passes nothing on. */
async function hearsNotifications(client: DatabaseClient, url: string): Promise<boolean> {
  const channel = `mes_start_${randomUUID().replaceAll('-', '')}`;
  const heard = new Promise<true>((resolve) => {
    client.on('notification', (notification) => {
      if (notification.channel === channel) resolve(true);
    });
  });
  const other = new DatabaseClient({ url, queryTimeout: QUERY_TIMEOUT });
  try {
    await client.query(`LISTEN ${channel}`);
    await other.connect();
    await other.query('SELECT pg_notify($1, $2)', [channel, '']);
    return await Promise.race([heard, sleep(NOTIFICATION_TIMEOUT, false, { ref: false })]);
  } finally {
    await other.end();
  }
}

/** Takes the lock of the migrations. Returns its holder if that is another session. */
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
 * Migrates without a time limit for statements, since a migration may take long. Heartbeats on the connection that holds the
 * lock show whether the server, and the lock with it, is still there.
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
  await dataSource.runMigrations();
}

/** Never resolves. Rejects when the server no longer answers, and at the signal. */
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

/** Whether the password or the name of the database is wrong (SQLSTATE classes 28 and 3D), which waiting does not cure. */
function isRefusal(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^(28|3D)/.test(code);
}

/** What to do if the role lacks a right (SQLSTATE 42501). */
function remedyOf(error: unknown, setting: string): string {
  const { code } = error as { code?: unknown };
  return code === '42501' ? `; give the role in ${setting} this right, or start once with a role that has it` : '';
}

/** Whether waiting may cure a failed migration: a lost connection, a lock, an overloaded or restarting server. */
function passesWithTime(error: unknown): boolean {
  if (error instanceof DatabaseUnavailableError) return !isRefusal(error.cause);
  if (!(error instanceof QueryFailedError)) return false;
  const driverError: unknown = error.driverError;
  return !(driverError instanceof pg.DatabaseError) || /^(08|40|53|57|58|55P03$)/.test(driverError.code ?? '');
}
