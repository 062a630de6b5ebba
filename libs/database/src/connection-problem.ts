import pg from 'pg';
import { DatabaseUnfitError, reasonOf } from './database-errors.js';
import { DatabaseUrlError } from './server-address.js';

/** Why there is no usable connection to PostgreSQL. */
export interface ConnectionProblem {
  /** The cause and what to do, as a part of a sentence, with the error as it was given. */
  readonly message: string;
  /** The same without the error, which may name the address. */
  readonly summary: string;
  /** True if it may pass by itself. */
  readonly passes: boolean;
}

/** A kind of error: its sign, how to say it, and whether it may pass by itself. */
type Rule = readonly [sign: RegExp, message: (setting: string) => string, passes: boolean];

/** By SQLSTATE, the routine of PostgreSQL that gave the error, and the message after them, whose language is up to lc_messages. */
const BY_STATE: readonly Rule[] = [
  [/^28P01/, (setting) => `PostgreSQL refuses the user or the password: correct them in ${setting}`, false],
  [/^28/, (setting) => `PostgreSQL refuses this connection: correct ${setting}, or allow it in pg_hba.conf`, false],
  [/^3D/, (setting) => `PostgreSQL has no database with this name: create it, or correct ${setting}`, false],
  [
    /^(42704 (find_option|assignable_custom_variable_name)|42601 process_postgres_switches|22023) /,
    (setting) => `PostgreSQL refuses the settings of the session: correct options in ${setting}, and PGOPTIONS`,
    false,
  ],
  [
    /^42(P01|703|883|704)/,
    () =>
      'the database lacks what the migrations make: run npm run migrate, or correct the search_path of the role that the API uses',
    true,
  ],
  [
    /^42501/,
    (setting) =>
      `the role in ${setting} lacks a right: run npm run migrate -- --grant-to this role, with the role that owns the tables in ${setting}`,
    true,
  ],
  [
    /^53300 (InitializeSessionUserId |CheckMyDatabase |.* for (role|database) )/,
    () =>
      'PostgreSQL gives this role or database no more connections: raise its CONNECTION LIMIT, or lower DATABASE_POOL_SIZE',
    true,
  ],
  [/^53300/, () => 'PostgreSQL has no connection left: raise max_connections, or lower DATABASE_POOL_SIZE', true],
  [
    /^57P05/,
    () => 'PostgreSQL ends sessions that are idle: set idle_session_timeout to 0 for the role and the database',
    true,
  ],
  [
    /^55000 CheckMyDatabase /,
    () => 'the database accepts no connections: allow them by ALTER DATABASE … ALLOW_CONNECTIONS true',
    false,
  ],
  // pg_terminate_backend() and an orderly stop of the server say the same.
  [/^57P01/, () => 'an administrator has ended the session, or PostgreSQL is stopping: wait', true],
  [/^57P0/, () => 'PostgreSQL is starting or stopping: wait', true],
];

/** By the code that Node gives to errors of sockets and of TLS. */
const BY_CODE: readonly Rule[] = [
  [
    /^ECONNREFUSED$/,
    (setting) => `nothing listens at the address in ${setting}: start PostgreSQL there, or correct the address`,
    true,
  ],
  [/^(ENOTFOUND|EAI_AGAIN)$/, (setting) => `the host in ${setting} is not known: correct its name`, true],
  [
    /^(EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EADDRNOTAVAIL)$/,
    (setting) => `no way leads to the address in ${setting}: correct it, or look at the network`,
    true,
  ],
  [
    /^ENOENT$/,
    (setting) => `PostgreSQL has no socket in the folder in ${setting}: start PostgreSQL there, or correct the folder`,
    true,
  ],
  [
    /^(ECONNRESET|EPIPE)$/,
    (setting) =>
      `the server at the address in ${setting} broke the connection: see whether it is PostgreSQL, and its log`,
    true,
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    (setting) => `the certificate of PostgreSQL is for another host: name that host in ${setting}`,
    false,
  ],
  [/^CERT_HAS_EXPIRED$/, () => 'the certificate of PostgreSQL has expired: renew it', false],
  [
    /CERT|UNABLE_TO_VERIFY/,
    (setting) =>
      `the certificate of PostgreSQL is not trusted: name the file with its authority by sslrootcert in ${setting}`,
    false,
  ],
];

/** By the message of the driver or of PgBouncer, all of whose errors may have one SQLSTATE. */
const BY_MESSAGE: readonly Rule[] = [
  [
    /did not answer within/,
    (setting) =>
      `nobody answers in time at the address in ${setting}: correct it, or look at the load of PostgreSQL and at the network`,
    true,
  ],
  [
    /Connection terminated unexpectedly/,
    (setting) =>
      `the server at the address in ${setting} ended the connection: see whether it is PostgreSQL, and its log`,
    true,
  ],
  [
    /unsupported startup parameter/,
    (setting) =>
      `a connection pooler such as PgBouncer refuses the options of the session: remove options from ${setting}, and PGOPTIONS`,
    false,
  ],
  [
    /statement pooling mode/,
    () => 'the connection pooler allows no transactions: set pool_mode=transaction there',
    false,
  ],
  [
    /no more connections allowed|max_client_conn/,
    () => 'the connection pooler takes no more clients: raise max_client_conn there, or lower DATABASE_POOL_SIZE',
    true,
  ],
  [
    /no such (user|database)|(SASL|password) authentication failed|^database .* (does not exist|is disabled)$/,
    (setting) =>
      `the connection pooler refuses the user, the password or the database: correct them in ${setting}, or there`,
    false,
  ],
  [
    /login (has been failing|failed)|server conn crashed|query_wait_timeout|shutting down|server_connect|client_login_timeout/,
    () => 'the connection pooler does not reach PostgreSQL, or has no connection left: look at its log',
    true,
  ],
  [
    /Unknown authenticationOk message type [79]$/,
    () =>
      'PostgreSQL asks for a login by GSSAPI or SSPI, which the API does not know: allow scram-sha-256 in pg_hba.conf',
    false,
  ],
  [
    /Unknown authenticationOk|received invalid response|[Rr]eceived unexpected|error establishing an SSL/,
    (setting) => `the server at the address in ${setting} does not speak as PostgreSQL does: correct the address`,
    true,
  ],
  [
    /does not support SSL/,
    (setting) => `PostgreSQL does not use TLS: turn it on there, or remove sslmode from ${setting}, and PGSSLMODE`,
    false,
  ],
  [
    /password must be a string|no password|client password/i,
    (setting) => `PostgreSQL asks for a password: add it to ${setting}, or set PGPASSWORD`,
    false,
  ],
];

/**
 * Says why PostgreSQL cannot be used, and what to do.
 *
 * @param setting what the user has to correct: the name of the setting with the URL
 */
export function connectionProblem(error: unknown, setting: string): ConnectionProblem {
  const detail = reasonOf(error);
  if (error instanceof DatabaseUnfitError) {
    const message = `PostgreSQL is not fit for use: ${detail}. Name the primary in ${setting}, or correct its settings`;
    return { message, summary: message, passes: true };
  }
  if (error instanceof DatabaseUrlError) {
    const message = `${setting} ${detail}`;
    return { message, summary: message, passes: true };
  }
  const code = codeOf(error);
  const rule =
    (error instanceof pg.DatabaseError
      ? BY_STATE.find(([sign]) => sign.test(`${code} ${error.routine ?? ''} ${detail}`))
      : BY_CODE.find(([sign]) => sign.test(code))) ?? BY_MESSAGE.find(([sign]) => sign.test(detail));
  if (!rule) {
    const summary = 'PostgreSQL does not answer as it should';
    return { message: `${summary}: ${detail}`, summary, passes: true };
  }
  const [, message, passes] = rule;
  const summary = message(setting);
  return { message: `${summary} (${detail})`, summary, passes };
}

function codeOf(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const { code } = first as { readonly code?: unknown };
  return typeof code === 'string' ? code : '';
}
