import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { DataSource, QueryFailedError } from 'typeorm';
import { ADVISORY_LOCKS } from './advisory-locks.js';
import { connectionProblem } from './connection-problem.js';
import { DatabaseClient } from './database-client.js';
import { DatabaseUnavailableError, reasonOf } from './database-errors.js';
import { databaseOptions, poolOf } from './database-options.js';
import { DATABASE_DEFAULTS } from './database-settings.js';
import { grantMissingRights, missingRights } from './rights.js';
import { readSchema, ROOM_OF_ITS_OWN, type Schema } from './schema.js';
import { Obstacle, untilReady, type DatabaseWait } from './until-ready.js';

/**
 * Options of {@link prepareDatabase}.
 *
 * @publicApi
 */
export interface PrepareDatabaseOptions extends DatabaseWait {
  /** URL of the database, past any connection pooler in transaction mode. */
  readonly url: string;
  /** What messages call the setting for this URL if the other one leads to such a pooler. */
  readonly directUrlName?: string | undefined;
  /** The way through a connection pooler in transaction mode, which must lead to the same database. */
  readonly pooled?: { readonly url: string; readonly urlName: string } | undefined;
  /** A role that gets the rights that it lacks to run the API. The role in the URL must own the tables. */
  readonly grantTo?: string | undefined;
}

/**
 * What {@link prepareDatabase} has found and done.
 *
 * @publicApi
 */
export interface DatabasePreparation {
  /** Names of the migrations that it has applied. */
  readonly applied: readonly string[];
  /** The rights that it has granted, in the words of GRANT. */
  readonly granted: readonly string[];
  /** Names of the migrations in the database that this build does not know: a newer build has applied them. */
  readonly unknown: readonly string[];
}

/** The oldest version of PostgreSQL that the API works with. */
const OLDEST_VERSION = 15;
/** Time limit of short queries, in milliseconds. */
const QUERY_TIMEOUT = 3_000;
/** Time limit for a notification, in milliseconds. */
const NOTIFICATION_TIMEOUT = 10_000;
const NOT_HEARD = 'notifications do not arrive, as through a connection pooler in transaction mode';
/** Time between two checks of the server during a migration, in milliseconds. No wait for a lock ends without a check. */
const HEARTBEAT_INTERVAL = DATABASE_DEFAULTS.lockTimeout / 4;
/** Most rights that a message lists. */
const MOST_LISTED = 5;
/** What messages call a session of pg_stat_activity, as a column. The rest is hidden from other roles. */
const NAME_OF_SESSION = `format('process %s of PostgreSQL, role %s, %s',
  a.pid, coalesce(a.usename, 'none'), coalesce(nullif(a.application_name, ''), 'without a name'))`;

/** SQLSTATE of a wait for a lock that took too long. */
const LOCK_NOT_AVAILABLE = '55P03';

/** The session that migrates. */
interface MigratingSession {
  /** 0 before it is known. */
  pid: number;
  lastWaitedFor: string;
}

/**
 * Waits until PostgreSQL accepts connections, and applies the migrations that are missing. If several instances start at once, one
 * of them migrates and the others wait for it.
 *
 * A role that may not migrate needs the rights of the API only. It waits until another role has migrated and has granted them.
 *
 * @throws {DatabaseNotReadyError} when the time is up, when waiting would not help, or at the signal
 * @throws the reason of the signal if that was given before the call
 * @publicApi
 */
export function prepareDatabase(options: PrepareDatabaseOptions): Promise<DatabasePreparation> {
  return untilReady(() => attempt(options), options);
}

/** @throws {Obstacle} */
async function attempt(options: PrepareDatabaseOptions): Promise<DatabasePreparation> {
  const { url, urlName = 'url', pooled, grantTo, signal } = options;
  const client = new DatabaseClient({ url, queryTimeout: QUERY_TIMEOUT });
  try {
    const { mayMigrate, pending, unknown } = await open(client, options).catch((error: unknown) => {
      if (error instanceof Obstacle) throw error;
      const { message, passes } = connectionProblem(error, urlName);
      throw new Obstacle(message, passes, { cause: error });
    });
    const isCurrent = !mayMigrate || pending.length === 0;
    const applied = isCurrent ? [] : await migrateWhileItAnswers(client, url, signal);
    const granted = mayMigrate && grantTo !== undefined ? await grant(client, grantTo) : [];
    if (pooled) await assertSameDatabase(client, urlName, pooled);
    return { applied, granted, unknown };
  } catch (error) {
    if (error instanceof Obstacle) throw error;
    const reason = `the database schema could not be migrated: ${reasonOf(error)}${remedyOf(error, urlName)}`;
    throw new Obstacle(reason, passesWithTime(error), { cause: error });
  } finally {
    await client.end();
  }
}

/** Connects, and checks that the role can do what it has to. Takes the lock of the migrations if there is something to do. */
async function open(
  client: DatabaseClient,
  { url, urlName = 'url', directUrlName = urlName, grantTo }: PrepareDatabaseOptions,
): Promise<Schema> {
  await client.connect();
  await assertSuitable(client, urlName);
  // Before the lock, which a pooler would keep.
  if (!(await hearsNotifications(client, url))) {
    throw new Obstacle(`${NOT_HEARD}: name PostgreSQL itself in ${directUrlName}, or set pool_mode=session`, false);
  }
  const schema = await readSchema(client);
  assertKnown(schema);
  if (!schema.mayMigrate) {
    await assertUsable(client, schema, urlName, grantTo);
    return schema;
  }
  if (grantTo !== undefined) await assertGrantable(client, schema, grantTo);
  if (schema.pending.length === 0 && grantTo === undefined) return schema;
  const holder = await lock(client);
  if (holder === undefined) return schema;
  const reason = `another instance migrates the database (${holder}): wait for it, or end that process if it hangs`;
  throw new Obstacle(reason, true);
}

/** Refuses a server that is too old, and a database in which texts or tables would have no place. */
async function assertSuitable(client: DatabaseClient, urlName: string): Promise<void> {
  const { rows } = await client.query<{
    version: string;
    number: number;
    encoding: string;
    hasSchema: boolean;
    path: string;
  }>(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::integer AS number,
       current_setting('server_encoding') AS encoding, current_setting('search_path') AS path,
       EXISTS (
         SELECT FROM unnest(string_to_array(replace(current_setting('search_path'), '$user', current_user), ',')) AS path (name)
         JOIN pg_namespace ON nspname = trim(BOTH ' "' FROM name)
       ) AS "hasSchema"`,
  );
  const [server] = rows;
  if (!server) throw new Error('the query of the server returned no row');
  const { version, number, encoding, hasSchema, path } = server;
  if (number < OLDEST_VERSION * 10_000) {
    const reason = `PostgreSQL ${version} is too old: name a server of version ${OLDEST_VERSION} or newer in ${urlName}`;
    throw new Obstacle(reason, false);
  }
  if (encoding !== 'UTF8') {
    const reason = `the database has the encoding ${encoding}: create one with ENCODING 'UTF8', and name it in ${urlName}`;
    throw new Obstacle(reason, false);
  }
  // The rights to use it are looked at later.
  if (!hasSchema) {
    const reason = `no schema of the search_path (${path}) exists: create it, or correct the search_path`;
    throw new Obstacle(reason, true);
  }
}

/** Refuses a database in which the migrations of this build and those of another one would mix. */
function assertKnown({ pending, unknown }: Schema): void {
  if (pending.length === 0 || unknown.length === 0) return;
  const reason = `the database has migrations that this build does not know (${unknown.join(', ')}), and lacks ${pending.join(', ')}: use the build that has migrated it`;
  throw new Obstacle(reason, false);
}

/** Refuses a database that lacks migrations or rights, for a role that may not migrate. Another role may be about to do so. */
async function assertUsable(
  client: DatabaseClient,
  { role, pending }: Schema,
  urlName: string,
  grantTo: string | undefined,
): Promise<void> {
  if (grantTo !== undefined) {
    const reason = `the role ${role} neither owns the tables nor may create them: name the role that does in ${urlName}`;
    throw new Obstacle(reason, false);
  }
  const remedy = `run npm run migrate -- --grant-to ${role} with the role that owns the tables in ${urlName}`;
  if (pending.length > 0) {
    const are = pending.length === 1 ? 'migration is' : 'migrations are';
    const reason = `${pending.length} ${are} missing, and the role ${role} may not migrate: ${remedy}`;
    throw new Obstacle(reason, true);
  }
  const missing = await missingRights(client, role);
  if (missing.length === 0) return;
  const further = missing.length > MOST_LISTED ? ` and ${missing.length - MOST_LISTED} more` : '';
  const reason = `the role ${role} lacks rights (${missing.slice(0, MOST_LISTED).join(', ')}${further}): ${remedy}`;
  throw new Obstacle(reason, true);
}

/** Refuses a role that does not exist, or that has all rights whatever is granted. */
async function assertGrantable(client: DatabaseClient, { owner }: Schema, role: string): Promise<void> {
  const { rows } = await client.query<{ isOwner: boolean }>(
    `SELECT pg_has_role(rolname, $2::name, 'MEMBER') AS "isOwner" FROM pg_roles WHERE rolname = $1`,
    [role, owner],
  );
  const [found] = rows;
  if (!found) throw new Obstacle(`PostgreSQL has no role ${role}: create it first`, false);
  if (found.isOwner) {
    const reason = `the role ${role} has all rights, as the owner of the tables, a member of it or a superuser: name another role`;
    throw new Obstacle(reason, false);
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

/** Refuses a way through a pooler that leads to another database or schema, or whose role lacks rights. */
async function assertSameDatabase(
  client: DatabaseClient,
  urlName: string,
  pooled: { readonly url: string; readonly urlName: string },
): Promise<void> {
  const other = new DatabaseClient({ url: pooled.url, queryTimeout: QUERY_TIMEOUT, isPooled: true });
  try {
    await other.connect();
    // A lock belongs to one database of one server, and the name of neither tells a copy from the original.
    const lock = randomInt(2 ** 48 - 1);
    await client.query('SELECT pg_advisory_lock($1)', [lock]);
    // In a transaction, as the API writes.
    await other.query('BEGIN');
    const { rows } = await other.query<{ isElsewhere: boolean }>(
      'SELECT pg_try_advisory_xact_lock($1) AS "isElsewhere"',
      [lock],
    );
    await other.query('COMMIT');
    if (rows[0]?.isElsewhere !== false) {
      throw new Obstacle(
        `${pooled.urlName} and ${urlName} lead to different databases: name the same one in both`,
        false,
      );
    }
    const schema = await readSchema(other);
    if (schema.pending.length > 0) {
      const reason = `${pooled.urlName} and ${urlName} lead to different schemas: give both roles the same search_path`;
      throw new Obstacle(reason, false);
    }
    if (!schema.mayMigrate) await assertUsable(other, schema, pooled.urlName, undefined);
  } catch (error) {
    if (error instanceof Obstacle) throw error;
    const { message, passes } = connectionProblem(error, pooled.urlName);
    throw new Obstacle(message, passes, { cause: error });
  } finally {
    await other.end();
  }
}

/** Takes the lock of the migrations. Returns its holder if that is another session. */
async function lock(client: DatabaseClient): Promise<string | undefined> {
  const { rows } = await client.query<{ mine: boolean; holder: string | null }>(
    `SELECT pg_try_advisory_lock($1) AS mine, (
       SELECT ${NAME_OF_SESSION}
       FROM pg_locks l JOIN pg_stat_activity a USING (pid)
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
 * lock show whether the server, and the lock with it, is still there, and for which other session the migration waits.
 *
 * @throws {Obstacle} if that session has kept the migration waiting for too long
 */
async function migrateWhileItAnswers(
  client: DatabaseClient,
  url: string,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const done = new AbortController();
  const options = databaseOptions({ ...DATABASE_DEFAULTS, url, poolSize: 1, statementTimeout: 0 });
  // By itself, this logger is silent. The others write a line for a failure, whose error reaches the caller anyway.
  const dataSource = new DataSource({ ...options, logger: 'debug' });
  const session: MigratingSession = { pid: 0, lastWaitedFor: 'another session' };
  try {
    return await Promise.race([
      migrate(dataSource, session),
      heartbeats(client, session, AbortSignal.any([done.signal, ...(signal ? [signal] : [])])),
    ]);
  } catch (error) {
    if (dataSource.isInitialized) poolOf(dataSource).discardAll();
    if (!hasWaitedForLock(error)) throw error;
    const remedy = 'wait until its transaction ends, or end that process';
    const reason = `a migration needs a lock, and waits for ${session.lastWaitedFor}: ${remedy}`;
    throw new Obstacle(reason, true, { cause: error });
  } finally {
    done.abort();
    if (dataSource.isInitialized) await dataSource.destroy();
  }
}

async function migrate(dataSource: DataSource, session: MigratingSession): Promise<string[]> {
  await dataSource.initialize();
  // The pool has one connection.
  const [own] = await dataSource.query<{ pid: number }[]>('SELECT pg_backend_pid() AS pid');
  session.pid = own?.pid ?? 0;
  return (await dataSource.runMigrations()).map(({ name }) => name);
}

async function grant(client: DatabaseClient, role: string): Promise<string[]> {
  try {
    return await grantMissingRights(client, role);
  } catch (error) {
    throw new Obstacle(`the rights could not be granted: ${reasonOf(error)}`, false, { cause: error });
  }
}

/** Never resolves. Rejects when the server no longer answers, and at the signal. */
async function heartbeats(client: DatabaseClient, session: MigratingSession, signal: AbortSignal): Promise<never> {
  for (;;) {
    try {
      const { rows } = await client.query<{ name: string }>(
        `SELECT ${NAME_OF_SESSION} AS name FROM pg_stat_activity a WHERE a.pid = ANY(pg_blocking_pids($1)) LIMIT 1`,
        [session.pid],
      );
      if (rows[0]) session.lastWaitedFor = rows[0].name;
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

/** What to do if the role lacks a right (SQLSTATE 42501), cannot use the extension that searches need, or if a name is taken. */
function remedyOf(error: unknown, setting: string): string {
  const { code, query = '' } = error as { readonly code?: unknown; readonly query?: string };
  if (code === '42704' && query.includes('gin_trgm_ops')) {
    return `; the extension pg_trgm is in a schema that is not in the search path: add that schema to it by ALTER ROLE … SET search_path`;
  }
  // A table, a type or a function.
  if (typeof code === 'string' && /^(42P07|42710|42723)$/.test(code)) {
    return `; another program, or a restore without the table schema_migrations, has left it there: ${ROOM_OF_ITS_OWN}`;
  }
  if (code !== '42501') return '';
  if (query.startsWith('CREATE EXTENSION')) {
    return '; let a superuser run CREATE EXTENSION pg_trgm in this database once, then try again';
  }
  return `; give the role in ${setting} this right, or run npm run migrate with a role that has it`;
}

/** Whether a statement failed because it waited for a lock for too long. */
function hasWaitedForLock(error: unknown): boolean {
  return error instanceof QueryFailedError && (error.driverError as { code?: unknown }).code === LOCK_NOT_AVAILABLE;
}

/** Whether waiting may cure a failed migration: a lost connection, a deadlock, an overloaded or restarting server. */
function passesWithTime(error: unknown): boolean {
  if (error instanceof DatabaseUnavailableError) return !isRefusal(error.cause);
  if (!(error instanceof QueryFailedError)) return false;
  const driverError: unknown = error.driverError;
  return !(driverError instanceof pg.DatabaseError) || /^(08|40|53|57|58)/.test(driverError.code ?? '');
}
