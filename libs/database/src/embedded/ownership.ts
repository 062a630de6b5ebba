import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { ADVISORY_LOCKS } from '../advisory-locks.js';
import { DATABASE_USER } from './data-directory.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { inspectPostmaster, parsePostmasterFile } from './postmaster.js';
import { shutDown } from './server-process.js';

const POLL_MS = 20;
const CONNECT_TIMEOUT_MS = 5_000;
const ORPHAN_PATIENCE_MS = 30_000;

/** The address of a server over our data. */
export interface ServerAddress {
  readonly directory: string;
  readonly dataDirectory: string;
  readonly port: number;
  readonly password: string;
}

/**
 * The right to a running server: an advisory lock on a connection of its own. When its owner dies, in whatever way, the server
 * itself gives the lock back. So the ownership is never stale and never shared.
 *
 * Only the owner of a server may stop it. One exception: a process that has started a server and finds another owner stops it
 * too, as that owner is about to do.
 */
export class Ownership {
  private client: pg.Client | undefined;
  private isEnding = false;

  private constructor(
    private readonly address: ServerAddress,
    private readonly isRunning: () => boolean,
  ) {}

  /**
   * Waits until the server answers, and becomes its owner.
   *
   * @param isRunning whether the server still runs; asked between attempts
   * @param deadline when to stop waiting, in milliseconds since the epoch; there is one attempt at least
   * @returns undefined if the server has gone or the time is up
   * @throws EmbeddedPostgresError IN_USE if another process owns it; DATA_UNUSABLE if the password does not fit
   */
  static async claim(
    address: ServerAddress,
    isRunning: () => boolean,
    deadline: number,
  ): Promise<Ownership | undefined> {
    const ownership = new Ownership(address, isRunning);
    while (isRunning()) {
      if (await ownership.tryToClaim()) return ownership;
      if (Date.now() > deadline) return undefined;
      await delay(POLL_MS);
    }
    return undefined;
  }

  /** Creates a database unless it exists. */
  async ensureDatabase(name: string): Promise<void> {
    const known = await this.client?.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (known?.rowCount === 0) await this.client?.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
  }

  /** The process id of the server, as the server itself reads it in postmaster.pid; undefined without that file. */
  async serverPid(): Promise<number | undefined> {
    const answer = await this.client?.query<{ file: string | null }>(
      "SELECT pg_read_file('postmaster.pid', true) AS file",
    );
    return parsePostmasterFile(answer?.rows[0]?.file ?? '').pid;
  }

  /** Stops the server and gives the ownership up, in this order: a running server needs an owner. */
  async stopServer(stop: () => Promise<void>): Promise<void> {
    this.isEnding = true;
    await stop();
    await this.client?.end();
  }

  /** False if the server does not answer (yet). */
  private async tryToClaim(): Promise<boolean> {
    const { directory, dataDirectory, port, password } = this.address;
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user: DATABASE_USER,
      password,
      // Advisory locks belong to a database. This one is always there, and nobody has a reason to drop it.
      database: 'postgres',
      application_name: 'embedded-postgres-owner',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
    });
    // Without a listener the loss of the connection would end the process. The listener of 'end' answers for it.
    client.on('error', () => undefined);
    try {
      await client.connect();
      const answer = await client.query<{ here: string; mine: boolean }>(
        "SELECT current_setting('data_directory') AS here, pg_try_advisory_lock($1) AS mine",
        [ADVISORY_LOCKS.embeddedServer],
      );
      const row = answer.rows[0];
      if (row?.here !== dataDirectory) throw new Error(`port ${port} belongs to another PostgreSQL server`);
      if (!row.mine) throw inUse(directory);
    } catch (error) {
      await client.end().catch(() => undefined);
      if (error instanceof EmbeddedPostgresError) throw error;
      if ((error as { code?: unknown }).code === '28P01') throw wrongPassword(directory);
      return false;
    }
    this.client = client;
    client.on('end', () => {
      void this.reclaim();
    });
    return true;
  }

  /**
   * Takes the lock again when the connection is lost: PostgreSQL ends every session when one of its processes crashes, and goes
   * on. Without the lock the next process would take our server for an orphan.
   */
  private async reclaim(): Promise<void> {
    try {
      while (!this.isEnding && this.isRunning()) {
        if (await this.tryToClaim()) return;
        await delay(POLL_MS);
      }
    } catch {
      // Another process was faster and stops the server now, which EmbeddedPostgres.exited reports.
    }
  }
}

/**
 * Stops an orphan: a server that runs over our data although its owner is dead. A server with a living owner is left alone.
 *
 * @returns whether this call has stopped a server; false if it has gone by itself
 * @throws EmbeddedPostgresError IN_USE if the owner lives; ORPHAN_NOT_STOPPED if the server does not answer for 30 s
 */
export async function stopOrphan(place: Omit<ServerAddress, 'port'>): Promise<boolean> {
  let stopped = false;
  const deadline = Date.now() + ORPHAN_PATIENCE_MS;
  for (;;) {
    const postmaster = await inspectPostmaster(place.dataDirectory);
    if (postmaster.state !== 'running') return stopped;
    if (Date.now() > deadline) throw notStopped(place.directory, postmaster.pid);
    if (postmaster.port !== undefined && (await claimAndStop({ ...place, port: postmaster.port }))) stopped = true;
    await delay(POLL_MS);
  }
}

async function claimAndStop(address: ServerAddress): Promise<boolean> {
  // One attempt for each look at postmaster.pid, since another server may replace this one meanwhile.
  const ownership = await Ownership.claim(address, () => true, Date.now());
  // The file may name another process by now. As long as our session lives, the server's own answer is right.
  await ownership?.stopServer(async () => {
    const pid = await ownership.serverPid().catch(() => undefined);
    if (pid === undefined) return;
    await shutDown(hasGone(pid, address.dataDirectory), (name) => {
      signal(pid, name);
    });
  });
  return ownership !== undefined;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function hasGone(pid: number, dataDirectory: string): Promise<void> {
  for (;;) {
    const postmaster = await inspectPostmaster(dataDirectory);
    if (postmaster.state !== 'running' || postmaster.pid !== pid) return;
    await delay(POLL_MS);
  }
}

function inUse(directory: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'IN_USE',
    `The embedded database in ${directory} is in use by another running process. ` +
      'Stop that process, or set DATABASE_URL to a PostgreSQL server that several can share.',
  );
}

function wrongPassword(directory: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'DATA_UNUSABLE',
    `The database in ${directory} does not accept the password in ${directory}/postgres-password. ` +
      'Put the right one back, or remove the folder.',
  );
}

function notStopped(directory: string, pid: number): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'ORPHAN_NOT_STOPPED',
    `A PostgreSQL server of an earlier run (process ${pid}) still uses ${directory}, but does not answer. ` +
      `Stop it by "kill -INT ${pid}" and start again.`,
  );
}
