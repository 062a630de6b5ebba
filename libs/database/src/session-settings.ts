import { DATABASE_DEFAULTS, type DatabaseSettings } from './database-settings.js';
import { DatabaseUnfitError } from './database-errors.js';

/** Time limits of a session, in milliseconds. */
export type SessionLimits = Pick<DatabaseSettings, 'statementTimeout' | 'lockTimeout'>;

/** What PostgreSQL says about a session. */
export interface SessionState {
  readonly isStandby: boolean;
  readonly isReadOnly: boolean;
  readonly skipsTriggers: boolean;
}

/** Sets what {@link sessionSettings} gives, and asks for the {@link SessionState}. */
export const SET_UP_SESSION = `
  SELECT pg_is_in_recovery() AS "isStandby",
    current_setting('default_transaction_read_only')::boolean AS "isReadOnly",
    current_setting('session_replication_role') = 'replica' AS "skipsTriggers",
    (SELECT count(set_config(name, value, false)) FROM json_each_text($1) AS setting (name, value))`;

/**
 * The settings that the application relies on. They are set in the session itself, which wins over the URL, over PGOPTIONS
 * and over what is stored for the user or the database, and which a connection pooler need not know of.
 */
export function sessionSettings({ statementTimeout, lockTimeout }: SessionLimits): Readonly<Record<string, string>> {
  return {
    statement_timeout: String(statementTimeout),
    lock_timeout: String(lockTimeout),
    idle_in_transaction_session_timeout: String(statementTimeout || DATABASE_DEFAULTS.statementTimeout),
    default_transaction_isolation: 'read committed',
    // The only ones that node-postgres can read.
    client_encoding: 'UTF8',
    datestyle: 'ISO, MDY',
    // A client that vanishes gives its locks back soon. In seconds, the last one in milliseconds.
    tcp_keepalives_idle: '10',
    tcp_keepalives_interval: '5',
    tcp_keepalives_count: '3',
    tcp_user_timeout: '25000',
  };
}

/** @throws {DatabaseUnfitError} if the session cannot be used */
export function assertFit({ isStandby, isReadOnly, skipsTriggers }: SessionState): void {
  if (isStandby) throw new DatabaseUnfitError('the server is a standby: what it shows may be old');
  if (isReadOnly) throw new DatabaseUnfitError('default_transaction_read_only is on: nothing could be written');
  if (skipsTriggers) {
    throw new DatabaseUnfitError('session_replication_role is replica: the triggers that count orders would not run');
  }
}
