import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { prepareCluster, type Cluster } from './cluster.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { freePort } from './free-port.js';
import { DATABASE_USER, removeAbandonedDrafts } from './initialise.js';
import { stopOrphan } from './orphan.js';
import { Ownership } from './ownership.js';
import { inspectPostmaster, removeEmptyPostmasterFile } from './postmaster.js';
import { ServerProcess } from './server-process.js';

const DATABASE = 'mes';
/** Long, because after a crash a server first goes through what it had not yet written to its files. */
const START_PATIENCE_MS = 120_000;
/** How long a start is tried again that failed because another server was in the way. */
const COLLISION_PATIENCE_MS = 15_000;
const COLLISION_PAUSE_MS = 50;
const COLLISIONS =
  /lock file "postmaster\.pid" (already exists|is empty)|could not (open|read|remove old) lock file|is still in use|Address already in use/;

/**
 * Where and how to run the embedded PostgreSQL.
 *
 * @publicApi
 */
export interface EmbeddedPostgresOptions {
  /** Directory of the data, made if absent; it may be used by one process at a time. */
  readonly directory: string;
  /** Receives what takes long or is out of the ordinary, a line at a time, for humans. */
  readonly log?: (line: string) => void;
  /** Settings of the server in addition to those of postgresql.conf, such as `{ log_statement: 'all' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** TCP port on 127.0.0.1; a free one by default. */
  readonly port?: number;
}

/**
 * How the server ended.
 *
 * @publicApi
 */
export interface EmbeddedPostgresExit {
  /** True if {@link EmbeddedPostgres.stop} was called before. */
  readonly expected: boolean;
  /** How and why, for humans: the exit code or signal, and the last lines of the server's log. */
  readonly description: string;
}

/**
 * A real PostgreSQL server, run by this process from the binaries that npm has installed, with its data in a directory of
 * ours. It listens on 127.0.0.1 only and asks for a password. It lives until {@link stop}; the end of this process does
 * not end it, but the next start on the same directory finds it, stops it and goes on with its data.
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
  /** Resolves when the server is gone, whether stopped or not; never rejects. */
  readonly exited: Promise<EmbeddedPostgresExit>;
  private stopping: Promise<void> | undefined;

  private constructor(
    private readonly server: ServerProcess,
    private readonly ownership: Ownership,
    cluster: Cluster,
    port: number,
  ) {
    this.url = `postgres://${DATABASE_USER}:${cluster.password}@127.0.0.1:${port}/${DATABASE}`;
    this.dataDirectory = cluster.dataDirectory;
    this.pid = server.pid;
    this.exited = this.describeExit();
  }

  /**
   * Starts the server and waits until it answers; creates data and database at the first start.
   *
   * @throws EmbeddedPostgresError with one of its codes, the usual one being IN_USE
   */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    await mkdir(options.directory, { recursive: true });
    const directory = await realpath(options.directory);
    const log = options.log ?? ((): void => undefined);
    const durable = options.settings?.fsync !== 'off';
    const cluster = await prepareCluster(directory, durable, log);

    const collisionDeadline = Date.now() + COLLISION_PATIENCE_MS;
    for (;;) {
      const stranger = await clearTheWay(cluster, log);
      const port = options.port ?? (await freePort());
      const server = await launch(cluster, port, options, stranger);
      const ownership = await own(server, cluster, port);
      if (ownership !== undefined) {
        await removeAbandonedDrafts(directory, cluster.dataDirectory);
        return new EmbeddedPostgres(server, ownership, cluster, port);
      }
      const { exitCode } = await server.exited;
      const reason = await server.lastLines();
      // A server that ends in good order without having been asked by us was stopped by a start that took it for an orphan.
      const collided = exitCode === 0 || COLLISIONS.test(reason);
      if (!collided || Date.now() > collisionDeadline) throw startFailed(reason);
      await delay(COLLISION_PAUSE_MS);
    }
  }

  /** Stops the server: sessions end, everything is written. Resolves when its process is gone. May be called again. */
  stop(): Promise<void> {
    this.stopping ??= stopBoth(this.server, this.ownership);
    return this.stopping;
  }

  private async describeExit(): Promise<EmbeddedPostgresExit> {
    const { exitCode, signal } = await this.server.exited;
    const expected = this.stopping !== undefined;
    const cause = signal ?? `exit code ${exitCode ?? 'unknown'}`;
    const lines = await this.server.lastLines().catch(() => '(its log cannot be read)');
    return { expected, description: `PostgreSQL ended (${cause}). Its last words:\n${lines}` };
  }
}

/** Deals with whatever an earlier run has left. Returns the innocent process that a left postmaster.pid points at. */
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

function launch(
  cluster: Cluster,
  port: number,
  options: EmbeddedPostgresOptions,
  stranger: number | undefined,
): Promise<ServerProcess> {
  return ServerProcess.spawn({
    binaries: cluster.binaries,
    dataDirectory: cluster.dataDirectory,
    user: cluster.user,
    port,
    settings: options.settings ?? {},
    logFile: join(cluster.directory, 'postgres.log'),
    stranger,
  });
}

/** Waits until the new server answers. Undefined if it ended instead. */
async function own(server: ServerProcess, cluster: Cluster, port: number): Promise<Ownership | undefined> {
  const deadline = Date.now() + START_PATIENCE_MS;
  let ownership: Ownership | undefined;
  try {
    ownership = await Ownership.claim({ ...cluster, port }, () => server.isRunning(), deadline);
    if (ownership !== undefined && (await ownership.serverPid()) !== server.pid) {
      // Another start has replaced our server's postmaster.pid by its own: two that find the same left file may. Sooner or
      // later our server would notice, and end.
      await stopBoth(server, ownership);
      return undefined;
    }
    await ownership?.ensureDatabase(DATABASE);
    if (ownership !== undefined || !server.isRunning()) return ownership;
  } catch (error) {
    await stopBoth(server, ownership);
    if (error instanceof EmbeddedPostgresError) throw error;
    throw startFailed(`${String(error)}; ${await server.lastLines()}`);
  }
  await server.stop();
  throw startFailed(`no answer for ${START_PATIENCE_MS / 1_000} s; ${await server.lastLines()}`);
}

/** The server first: while it runs, somebody has to own it. */
async function stopBoth(server: ServerProcess, ownership: Ownership | undefined): Promise<void> {
  ownership?.endWithServer();
  await server.stop();
  await ownership?.release();
}

function startFailed(reason: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError('START_FAILED', `PostgreSQL did not start: ${reason}`);
}
