import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedPostgres } from '../../libs/database/src/embedded/embedded-postgres.js';
import { startOtherPostgres } from './other-postgres.js';
import { createDatabaseOn } from './test-database.js';
import { watchOver } from './watchdog.js';

/** Settings for speed: the data need not survive a crash. */
const FAST_SETTINGS = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_wal_size: '2GB' };

/** A PostgreSQL server for tests. It leaves no files behind. */
export interface PostgresServer {
  /** The URL of an empty database that always exists. */
  readonly url: string;
  readonly pid: number;
  /** The log of the server, which contains the statements if the settings enable that. */
  readonly logFile: string;
  /** Creates another empty database and returns its URL. */
  createDatabase(): Promise<string>;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
}

/** Options of {@link startPostgres}. */
export interface PostgresServerOptions {
  /** Settings of the server, such as `{ log_statement: 'all' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The major version, such as `15`; by default that of `TEST_POSTGRES`, or else the embedded one. */
  readonly version?: string | undefined;
}

/** Starts a server with fresh data in a temporary folder. */
export async function startPostgres({
  settings,
  version = process.env.TEST_POSTGRES,
}: PostgresServerOptions = {}): Promise<PostgresServer> {
  const directory = await mkdtemp(join(tmpdir(), 'mes-postgres-'));
  // The folder allows access to its contents: if root runs the tests, the server runs as another user.
  await chmod(directory, 0o711);
  const plan = { directory, settings: { ...FAST_SETTINGS, ...settings } };
  const server = await (version ? startOtherPostgres(version, plan) : EmbeddedPostgres.start(plan));
  const paths = [server.dataDirectory, directory];
  const callOff = watchOver(server.pid, paths);
  return {
    url: server.url,
    pid: server.pid,
    logFile: join(directory, 'postgres.log'),
    createDatabase: async () => (await createDatabaseOn(server.url)).url,
    stop: async () => {
      await server.stop();
      callOff();
      await Promise.all(paths.map((path) => rm(path, { recursive: true, force: true })));
    },
  };
}
