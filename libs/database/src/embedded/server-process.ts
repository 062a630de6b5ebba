import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, rename, stat } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { SERVER_ENVIRONMENT, type ServerUser } from './server-user.js';

/** A fast shutdown writes what is in memory to the disk first. */
const FAST_SHUTDOWN_MS = 20_000;
/** After this PostgreSQL has ended its own processes (5 s) and itself. */
const IMMEDIATE_SHUTDOWN_MS = 6_000;
const LOG_LIMIT_BYTES = 10_000_000;
const LAST_LINES = 12;

/** The end of a PostgreSQL server: an exit code or a signal. */
export interface ServerExit {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The parameters of a start. */
export interface ServerPlan {
  /** Path of the program. */
  readonly postgres: string;
  readonly dataDirectory: string;
  readonly user: ServerUser | undefined;
  readonly port: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** The unrelated process that a postmaster.pid left by a dead server names. */
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
        resolve({ exitCode, signal });
      });
    });
  }

  /** Starts the server. Resolves as soon as its process exists, before it answers. */
  static async spawn(plan: ServerPlan): Promise<ServerProcess> {
    await keepLogSmall(plan.logFile);
    // The server gets the open file, not its name: it needs no access to the folder, and no pipe that breaks with us.
    const log = await open(plan.logFile, 'a', 0o600);
    try {
      const { size } = await log.stat();
      const child = spawn(plan.postgres, serverArguments(plan), {
        ...plan.user,
        cwd: '/',
        // PostgreSQL takes a postmaster.pid for left behind if it names the process in this variable, which pg_ctl uses for
        // itself. PostgreSQL then replaces the file without a race, which we could not.
        env:
          plan.stranger === undefined
            ? SERVER_ENVIRONMENT
            : { ...SERVER_ENVIRONMENT, PG_GRANDPARENT_PID: String(plan.stranger) },
        stdio: ['ignore', log.fd, log.fd],
        // A session of its own: Ctrl-C in a terminal must reach the API alone, which needs the database to finish its work.
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

  /** The last lines of the server's log, since its start. */
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
 * either, but the next start has to recover), and SIGKILL after 6 s more.
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

/** A free TCP port of the loopback interface. Another process may take it before the caller does. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function endsWithin(gone: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const inTime = gone.then(() => true);
  return Promise.race([inTime, delay(milliseconds, false, { ref: false })]);
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
