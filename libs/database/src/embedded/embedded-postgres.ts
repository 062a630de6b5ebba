import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { usableBinaries } from './binaries.js';
import { createDataDirectory, DATABASE_USER, findDataDirectory, removeAbandonedDrafts } from './data-directory.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { Ownership, stopOrphan } from './ownership.js';
import { readOrCreatePassword } from './password.js';
import { inspectPostmaster, removeEmptyPostmasterFile } from './postmaster.js';
import { freePort, ServerProcess } from './server-process.js';
import { findServerUser } from './server-user.js';

const DATABASE = 'mes';
/** Long, because a server first has to recover after a crash. */
const START_PATIENCE_MS = 120_000;
/** How long a start is repeated that fails because another server is in the way. */
const COLLISION_PATIENCE_MS = 15_000;
const COLLISION_PAUSE_MS = 50;
const COLLISIONS =
  /lock file "postmaster\.pid" (already exists|is empty)|could not (open|read|remove old) lock file|is still in use|Address already in use/;

/**
 * Options of {@link EmbeddedPostgres.start}.
 *
 * @publicApi
 */
export interface EmbeddedPostgresOptions {
  /** Directory of the data, made if absent. One process at a time may use it. */
  readonly directory: string;
  /** Receives messages for humans, a line each, about slow and unusual steps. */
  readonly log?: (line: string) => void;
  /** Server settings that win over postgresql.conf, such as `{ log_statement: 'all' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * The end of the server.
 *
 * @publicApi
 */
export interface EmbeddedPostgresExit {
  /** True if {@link EmbeddedPostgres.stop} was called before. */
  readonly expected: boolean;
  /** The cause, for humans: the exit code or signal, and the last lines of the server's log. */
  readonly description: string;
}

/**
 * A real PostgreSQL server that this process runs, from the binaries that npm has installed, with its data in a directory of
 * ours. It listens on 127.0.0.1 only and asks for a password. It runs until {@link stop}. The death of this process does not
 * end it; the next start on the same directory finds the orphan, stops it and goes on with its data.
 *
 * Files in the directory: `postgres` (the data, or a link to them), `postgres-password`, `postgres.log`.
 *
 * @publicApi
 */
export class EmbeddedPostgres {
  /** For clients: `postgres://mes:<password>@127.0.0.1:<port>/mes`. Holds the password: not for logs. */
  readonly url: string;
  /** Real path of the data directory, which for root may lie outside the directory given. */
  readonly dataDirectory: string;
  /** Process id of the server. */
  readonly pid: number;
  /** Resolves when the server is gone, expectedly or not; never rejects. */
  readonly exited: Promise<EmbeddedPostgresExit>;
  private stopping: Promise<void> | undefined;

  private constructor(
    private readonly server: ServerProcess,
    private readonly ownership: Ownership,
    { password, dataDirectory }: Cluster,
    port: number,
  ) {
    this.url = `postgres://${DATABASE_USER}:${password}@127.0.0.1:${port}/${DATABASE}`;
    this.dataDirectory = dataDirectory;
    this.pid = server.pid;
    this.exited = this.describeExit();
  }

  /**
   * Starts the server and waits until it answers. The first start creates the data and the database.
   *
   * @throws EmbeddedPostgresError with one of its codes, most often IN_USE
   */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    await mkdir(options.directory, { recursive: true });
    const directory = await realpath(options.directory);
    const { log = () => undefined, settings = {} } = options;
    const cluster = await prepareCluster(directory, settings.fsync !== 'off', log);

    const collisionDeadline = Date.now() + COLLISION_PATIENCE_MS;
    for (;;) {
      const stranger = await clearTheWay(cluster, log);
      const port = await freePort();
      const logFile = join(directory, 'postgres.log');
      const server = await ServerProcess.spawn({ ...cluster, port, settings, logFile, stranger });
      const ownership = await own(server, cluster, port);
      if (ownership !== undefined) {
        await removeAbandonedDrafts(directory, cluster.dataDirectory);
        return new EmbeddedPostgres(server, ownership, cluster, port);
      }
      const { exitCode } = await server.exited;
      const reason = await server.lastLines();
      // If our server has ended in good order without our asking, another start has stopped it as an orphan.
      const collided = exitCode === 0 || COLLISIONS.test(reason);
      if (!collided || Date.now() > collisionDeadline) throw startFailed(reason);
      await delay(COLLISION_PAUSE_MS);
    }
  }

  /** Stops the server: sessions end, everything is written. Resolves when its process is gone. May be called again. */
  stop(): Promise<void> {
    this.stopping ??= this.ownership.stopServer(() => this.server.stop());
    return this.stopping;
  }

  private async describeExit(): Promise<EmbeddedPostgresExit> {
    const { exitCode, signal } = await this.server.exited;
    const expected = this.stopping !== undefined;
    const cause = signal ?? `exit code ${exitCode ?? 'unknown'}`;
    const lines = await this.server.lastLines().catch(() => '(its log cannot be read)');
    return { expected, description: `PostgreSQL ended (${cause}). The last lines of its log:\n${lines}` };
  }
}

/** A cluster in PostgreSQL's sense: the data of one server, with the password, the program and the user that fit them. */
type Cluster = Awaited<ReturnType<typeof prepareCluster>>;

/** Finds the cluster, or makes it at the first start. */
async function prepareCluster(directory: string, durable: boolean, log: (line: string) => void) {
  const existing = await findDataDirectory(directory);
  const user = await findServerUser(existing);
  const binaries = await usableBinaries(user);
  const password = await readOrCreatePassword(directory, existing !== undefined);
  if (existing === undefined) log(`Creating the database in ${directory}`);
  const dataDirectory = existing ?? (await createDataDirectory({ directory, password, binaries, user, durable }));
  return { directory, dataDirectory, password, postgres: binaries.postgres, user };
}

/** Deals with the remains of an earlier run. Returns the unrelated process that an old postmaster.pid names, if there is one. */
async function clearTheWay(cluster: Cluster, log: (line: string) => void): Promise<number | undefined> {
  const { dataDirectory } = cluster;
  const postmaster = await inspectPostmaster(dataDirectory);
  if (postmaster.state === 'stranger') return postmaster.pid;
  if (postmaster.state === 'running' && (await stopOrphan(cluster))) {
    log('Stopped the PostgreSQL server that an earlier run, which was killed, had left behind');
  }
  await removeEmptyPostmasterFile(dataDirectory);
  return undefined;
}

/** Waits until the new server answers. Undefined if it ended instead. */
async function own(server: ServerProcess, cluster: Cluster, port: number): Promise<Ownership | undefined> {
  const deadline = Date.now() + START_PATIENCE_MS;
  const stop = (): Promise<void> => server.stop();
  let ownership: Ownership | undefined;
  try {
    ownership = await Ownership.claim({ ...cluster, port }, () => server.isRunning(), deadline);
    if (ownership !== undefined && (await ownership.serverPid()) !== server.pid) {
      // Two starts that find the same old postmaster.pid may both replace it. The server whose file was replaced would notice
      // sooner or later, and end.
      await ownership.stopServer(stop);
      return undefined;
    }
    await ownership?.ensureDatabase(DATABASE);
    if (ownership !== undefined || !server.isRunning()) return ownership;
  } catch (error) {
    await (ownership === undefined ? stop() : ownership.stopServer(stop));
    if (error instanceof EmbeddedPostgresError) throw error;
    throw startFailed(`${String(error)}; ${await server.lastLines()}`);
  }
  await stop();
  throw startFailed(`no answer for ${START_PATIENCE_MS / 1_000} s; ${await server.lastLines()}`);
}

function startFailed(reason: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError('START_FAILED', `PostgreSQL did not start: ${reason}`);
}
