import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { ADVISORY_LOCKS } from '../advisory-locks.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { DATABASE_USER } from './initialise.js';
import { parsePostmasterFile } from './postmaster.js';

const RETRY_MS = 20;
const CONNECT_TIMEOUT_MS = 5_000;

/** Where a server over our data is to be found. */
export interface ServerAddress {
  readonly directory: string;
  readonly dataDirectory: string;
  readonly port: number;
  readonly password: string;
}

/**
 * The right to a running server: an advisory lock, held on a connection of its own for as long as its owner lives. The
 * server itself gives the lock back when the owner dies, however it dies, so it can be neither stale nor shared.
 *
 * Only the owner of a server may stop it, except for whoever has started it and found another owner: that one is about
 * to stop it too.
 */
export class Ownership {
  private client: pg.Client | undefined;
  private released = false;

  private constructor(
    private readonly address: ServerAddress,
    private readonly isThere: () => boolean,
  ) {}

  /**
   * Waits until the server answers and becomes its owner.
   *
   * @param isThere tells whether the server still runs; asked between attempts
   * @param deadline when to stop waiting, in milliseconds since the epoch; there is one attempt at least
   * @returns undefined if the server has gone or the time is up
   * @throws EmbeddedPostgresError IN_USE if another process owns it; DATA_UNUSABLE if the password does not fit
   */
  static async claim(address: ServerAddress, isThere: () => boolean, deadline: number): Promise<Ownership | undefined> {
    const ownership = new Ownership(address, isThere);
    while (isThere()) {
      if (await ownership.tryToClaim()) return ownership;
      if (Date.now() > deadline) return undefined;
      await delay(RETRY_MS);
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

  /** To be called before the server is stopped: the ownership then ends together with the server. */
  endWithServer(): void {
    this.released = true;
  }

  /** Gives up the ownership. A server that is to be stopped is stopped first. */
  async release(): Promise<void> {
    this.released = true;
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
    // Unlistened to, the loss of the connection would end the process; it is answered for on 'end'.
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
   * PostgreSQL ends every session when one of its processes crashes, and goes on. Without the lock the next process to
   * look would take our server for an orphan.
   */
  private async reclaim(): Promise<void> {
    try {
      while (!this.released && this.isThere()) {
        if (await this.tryToClaim()) return;
        await delay(RETRY_MS);
      }
    } catch {
      // Another process was faster and stops the server now. Its end is reported to whoever uses it.
    }
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
