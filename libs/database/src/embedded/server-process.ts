import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, rename, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Binaries } from './binaries.js';
import { SERVER_ENVIRONMENT, type ServerUser } from './command.js';

/** A fast shutdown writes what is in memory to the disk first. */
const FAST_SHUTDOWN_MS = 20_000;
/** After this PostgreSQL has ended its own processes (5 s) and itself. */
const IMMEDIATE_SHUTDOWN_MS = 6_000;
const LOG_LIMIT_BYTES = 10_000_000;
const LAST_LINES = 12;

/** How a PostgreSQL server ended. */
export interface ServerExit {
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

/** What to start. */
export interface ServerPlan {
  readonly binaries: Binaries;
  readonly dataDirectory: string;
  readonly user: ServerUser | undefined;
  readonly port: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** The innocent process whose id stands in a postmaster.pid that was left behind. */
  readonly stranger: number | undefined;
}

/** One run of the PostgreSQL server, as a child of this process. */
export class ServerProcess {
  /** Resolves when the server is gone; never rejects. */
  readonly exited: Promise<ServerExit>;

  private constructor(
    private readonly child: ChildProcess,
    private readonly logFile: string,
    private readonly logStart: number,
  ) {
    this.exited = new Promise((resolve) => {
      child.once('exit', (exitCode, signal) => {
        resolve({ exitCode: exitCode ?? undefined, signal: signal ?? undefined });
      });
    });
  }

  /** Starts the server and returns as soon as its process exists; whether it answers is another question. */
  static async spawn(plan: ServerPlan): Promise<ServerProcess> {
    await keepLogSmall(plan.logFile);
    // The server gets the open file, not its name: it needs no access to the folder, and no pipe that breaks with us.
    const log = await open(plan.logFile, 'a', 0o600);
    try {
      const { size } = await log.stat();
      const child = spawn(plan.binaries.postgres, serverArguments(plan), {
        ...plan.user,
        cwd: '/',
        // PostgreSQL takes a postmaster.pid that names the process in this variable for left behind, and then replaces the
        // file by its own careful rules (pg_ctl uses it for itself). Removing the file for it would be a race.
        env:
          plan.stranger === undefined
            ? SERVER_ENVIRONMENT
            : { ...SERVER_ENVIRONMENT, PG_GRANDPARENT_PID: String(plan.stranger) },
        stdio: ['ignore', log.fd, log.fd],
        // A session of its own: Ctrl-C in a terminal must reach the API, which still needs the database to finish its work.
        detached: true,
      });
      await once(child, 'spawn');
      return new ServerProcess(child, plan.logFile, size);
    } finally {
      await log.close();
    }
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** What the server has written to its log last, since it was started. */
  async lastLines(): Promise<string> {
    const log = await open(this.logFile, 'r');
    try {
      const { size } = await log.stat();
      const from = Math.max(this.logStart, size - 4_096);
      const { buffer, bytesRead } = await log.read({ buffer: Buffer.alloc(Math.max(0, size - from)), position: from });
      return buffer.toString('utf8', 0, bytesRead).trim().split('\n').slice(-LAST_LINES).join('\n');
    } finally {
      await log.close();
    }
  }

  /** Stops the server and waits for its end. */
  async stop(): Promise<void> {
    await shutDown(this.exited, (signal) => this.child.kill(signal));
  }
}

/**
 * Stops a server in PostgreSQL's own steps: fast (sessions end, everything is written), immediate after 20 s (no loss
 * either, but the next start has to recover), and the operating system's way after 6 s more.
 *
 * @see https://www.postgresql.org/docs/18/server-shutdown.html
 */
export async function shutDown(gone: Promise<unknown>, signal: (name: NodeJS.Signals) => unknown): Promise<void> {
  signal('SIGINT');
  if (await endsWithin(gone, FAST_SHUTDOWN_MS)) return;
  signal('SIGQUIT');
  if (await endsWithin(gone, IMMEDIATE_SHUTDOWN_MS)) return;
  signal('SIGKILL');
  await gone;
}

async function endsWithin(gone: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const patience = new AbortController();
  const inTime = gone.then(() => true);
  const tooLate = delay(milliseconds, false, { signal: patience.signal }).catch(() => false);
  const result = await Promise.race([inTime, tooLate]);
  patience.abort();
  return result;
}

function serverArguments(plan: ServerPlan): string[] {
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    // No socket file: its place would have to be short, and open to both users.
    unix_socket_directories: '',
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    ...plan.settings,
    port: String(plan.port),
  };
  return ['-D', plan.dataDirectory, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

async function keepLogSmall(file: string): Promise<void> {
  const size = await stat(file).then(
    (stats) => stats.size,
    () => 0,
  );
  if (size > LOG_LIMIT_BYTES) await rename(file, `${file}.1`);
}
