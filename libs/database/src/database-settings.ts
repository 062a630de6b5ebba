import { DatabaseUnfitError } from './database-errors.js';

/**
 * How to reach PostgreSQL, and time limits. All times are in milliseconds.
 *
 * @publicApi
 */
export interface DatabaseSettings {
  /** `postgres://user:password@host:port/database`, with the parameters that say how to connect, such as `sslmode`. */
  readonly url: string;
  /** Whether the URL may lead to a connection pooler in transaction mode, such as PgBouncer. */
  readonly isPooled?: boolean;
  /** Maximum number of connections of one process. */
  readonly poolSize: number;
  /** Time limit of one statement, after which PostgreSQL cancels it; 0: none. */
  readonly statementTimeout: number;
  /** Time limit for one wait for a lock. */
  readonly lockTimeout: number;
  /** Time limit for a request's wait for a connection of the pool. */
  readonly acquireTimeout: number;
}

/**
 * Settings under which every transaction is far shorter than the time that the cache allows for a write.
 *
 * @publicApi
 */
export const DATABASE_DEFAULTS = {
  poolSize: 10,
  statementTimeout: 5_000,
  lockTimeout: 2_000,
  acquireTimeout: 5_000,
} satisfies Omit<DatabaseSettings, 'url' | 'isPooled'>;

/** Time limits of a session, in milliseconds. */
export type SessionLimits = Pick<DatabaseSettings, 'statementTimeout' | 'lockTimeout'>;

/** PostgreSQL's answer about a session. */
export interface SessionState {
  /** Tells the server, since its last start, from all others. */
  readonly server: string;
  readonly isStandby: boolean;
  readonly isReadOnly: boolean;
  readonly skipsTriggers: boolean;
  /** Known only where it could not be set. */
  readonly isolation?: string;
}

const STATE = `extract(epoch FROM pg_postmaster_start_time())::text AS server, pg_is_in_recovery() AS "isStandby",
    current_setting('default_transaction_read_only')::boolean AS "isReadOnly",
    current_setting('session_replication_role') = 'replica' AS "skipsTriggers"`;

/**
 * Lets commits wait until they are on the disk of PostgreSQL, even if the role, the database or the server has turned that off: a crash
 * of PostgreSQL would lose acknowledged orders. Settings by which they wait for standbys stay.
 */
const keepCommits = (isLocal: boolean): string =>
  `CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'local', ${isLocal}) END`;

/**
 * Applies the {@link sessionSettings}, which are its parameter as JSON, as far as the version of PostgreSQL knows them, and asks for the
 * {@link SessionState}.
 */
export const SET_UP_SESSION = `
  SELECT ${STATE}, ${keepCommits(false)},
    (SELECT count(set_config(name, value, false)) FROM json_each_text($1) AS setting (name, value)
     WHERE current_setting(name, true) IS NOT NULL)`;

/** node-postgres can read no others. */
export const READABLE_DATES = { datestyle: 'ISO, MDY' } as const;

/**
 * The settings that the application relies on. The session itself sets them: so they win over the URL, over PGOPTIONS and over
 * the settings stored for the user or the database, and a connection pooler need not know them.
 */
export function sessionSettings({ statementTimeout, lockTimeout }: SessionLimits): Readonly<Record<string, string>> {
  return {
    statement_timeout: String(statementTimeout),
    lock_timeout: String(lockTimeout),
    idle_in_transaction_session_timeout: String(statementTimeout || DATABASE_DEFAULTS.statementTimeout),
    // Connections of the pool, and the one that listens, are idle at night.
    idle_session_timeout: '0',
    // A migration may take long. PostgreSQL has this limit since version 17.
    transaction_timeout: '0',
    default_transaction_isolation: 'read committed',
    // node-postgres can read no others.
    client_encoding: 'UTF8',
    ...READABLE_DATES,
    // A backslash would begin an escape in the migrations, which would make other functions.
    standard_conforming_strings: 'on',
    // A client that vanishes gives its locks back soon. In seconds, the last one in milliseconds.
    tcp_keepalives_idle: '10',
    tcp_keepalives_interval: '5',
    tcp_keepalives_count: '3',
    tcp_user_timeout: '25000',
  };
}

/** PostgreSQL's answer to {@link setUpTransaction}. */
export interface TransactionState extends SessionState {
  /** The time of the server, in milliseconds. */
  readonly now: number;
}

/**
 * The first statement of a transaction behind a connection pooler, which may give each transaction another session. It limits the
 * transaction alone, and asks for the {@link TransactionState}. The schemas are those of the role and the database again: another client
 * may have left others in the session, as pg_dump leaves none.
 *
 * @param latest the time of the server, in milliseconds, at which the statement after this one is cancelled; by default never. A
 *   pooler may pass on a statement long after the client has given it up. Then the time that is left is negative, and PostgreSQL
 *   refuses it: nothing is executed.
 */
export function setUpTransaction({ statementTimeout, lockTimeout }: SessionLimits, latest?: number): string {
  const now = 'extract(epoch FROM clock_timestamp()) * 1000';
  const left =
    latest !== undefined
      ? `least(${statementTimeout}, coalesce(nullif(floor(${latest} - ${now}), 0), -1))`
      : statementTimeout;
  return `SELECT ${STATE}, current_setting('transaction_isolation') AS isolation, (${now})::float8 AS now,
    set_config('statement_timeout', (${left})::text, true), set_config('lock_timeout', '${lockTimeout}', true),
    set_config('idle_in_transaction_session_timeout', '${statementTimeout}', true), ${keepCommits(true)},
    set_config('search_path', NULL, true),
    CASE WHEN current_setting('transaction_timeout', true) IS NOT NULL THEN set_config('transaction_timeout', '0', true) END`;
}

/** Whether PostgreSQL has refused a transaction because it came after its time. */
export function isTooLate(error: unknown): boolean {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return code === '22023' && String(message).includes('statement_timeout');
}

/** @throws {DatabaseUnfitError} if the session cannot be used */
export function assertFit({ isStandby, isReadOnly, skipsTriggers, isolation = 'read committed' }: SessionState): void {
  if (isStandby) throw new DatabaseUnfitError('the server is a standby: its data may be old');
  if (isReadOnly) throw new DatabaseUnfitError('default_transaction_read_only is on: nothing could be written');
  if (skipsTriggers) {
    throw new DatabaseUnfitError('session_replication_role is replica: the triggers that count orders would not run');
  }
  if (isolation !== 'read committed') {
    throw new DatabaseUnfitError(`default_transaction_isolation is ${isolation}, and must be read committed`);
  }
}
