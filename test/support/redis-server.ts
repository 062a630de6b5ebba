import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../../libs/database/src/embedded/server-process.js';
import { watchOver } from './watchdog.js';

const run = promisify(execFile);
/**
 * A script that installs redis-server on Debian and Ubuntu, as root, since no npm package contains it. The package would start
 * a service, unless policy-rc.d exits with 101.
 */
const INSTALL = `
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap 'rm -f $policy' EXIT
  printf '#!/bin/sh\\nexit 101\\n' > $policy && chmod 755 $policy || exit
fi
apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server
`;
const HINT =
  'redis-server is missing; install it: "apt-get install redis-server" (Debian, Ubuntu), "dnf install redis" (Fedora) or "brew install redis" (macOS)';
const START_PATIENCE_MS = 60_000;
const PING_PATIENCE_MS = 5_000;
const PING_PAUSE_MS = 10;
/** The default name of the snapshot file. */
const SNAPSHOT = 'dump.rdb';
const CONFIG = 'redis.conf';

/** Options of {@link RedisServer.start}. */
export interface RedisServerOptions {
  /** The port to listen on; a free one by default. */
  readonly port?: number;
  /** More arguments, such as `['--maxmemory', '10mb']`. */
  readonly args?: readonly string[];
  /** The text of the configuration file, which a Sentinel must have and writes to. */
  readonly config?: string;
}

/** A real Redis server without persistence, which a test can kill, freeze and restart. */
export class RedisServer {
  private server: ChildProcess | undefined;
  private callOffWatch: () => void = () => undefined;

  private constructor(
    private readonly folder: string,
    readonly port: number,
    private readonly args: readonly string[],
  ) {}

  /**
   * Starts a server and waits until it replies. It installs Redis if Redis is missing and can be installed.
   *
   * @throws Error with one line that says what to install
   */
  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    await run('redis-server', ['--version']).catch(install);
    const folder = await mkdtemp(join(tmpdir(), 'mes-redis-'));
    const redis = new RedisServer(folder, options.port ?? (await freePort()), options.args ?? []);
    try {
      await writeFile(join(folder, CONFIG), options.config ?? '');
      await redis.launch();
      return redis;
    } catch (error) {
      await redis.stop();
      throw error;
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    if (this.server?.pid === undefined) throw new Error('Redis is not running');
    return this.server.pid;
  }

  /** Ends the server with SIGKILL. */
  async kill(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    this.server = undefined;
    this.callOffWatch();
    if (server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, 'exit');
    server.kill('SIGKILL');
    await gone;
  }

  /** Freezes the server. Connections stay open, but the server does not reply. */
  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** Starts an empty server on the same port. */
  async restart(): Promise<void> {
    await this.kill();
    await this.launch();
  }

  /** Starts a server on the same port with the data of the last `SAVE`. It uses up the snapshot. */
  async restartFromSnapshot(): Promise<void> {
    await this.restart();
    await rm(join(this.folder, SNAPSHOT));
  }

  /** Ends the server and removes its files. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async launch(): Promise<void> {
    const logFile = join(this.folder, 'redis.log');
    const log = await open(logFile, 'a');
    const settings = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const server = spawn('redis-server', [join(this.folder, CONFIG), ...settings, '--dir', this.folder, ...this.args], {
      stdio: ['ignore', log.fd, log.fd],
    });
    await once(server, 'spawn').finally(() => log.close());
    this.server = server;
    this.callOffWatch = watchOver(this.pid, [this.folder]);

    const deadline = Date.now() + START_PATIENCE_MS;
    while (!(await answers(this.port))) {
      const exited = server.exitCode !== null || server.signalCode !== null;
      if (exited || Date.now() > deadline) throw new Error(`Redis did not start: ${await readFile(logFile, 'utf8')}`);
      await delay(PING_PAUSE_MS);
    }
    // If the port was taken, another server may have replied on it.
    if (server.exitCode !== null) throw new Error(`Redis did not start: ${await readFile(logFile, 'utf8')}`);
  }
}

async function install(): Promise<void> {
  await run('sh', ['-c', INSTALL]).catch((cause: unknown) => {
    throw new Error(HINT, { cause });
  });
}

/** Whether a server replies to PING, possibly by a request for a password. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(PING_PATIENCE_MS, () => {
      finish(false);
    });
    socket.on('error', () => {
      finish(false);
    });
    socket.on('close', () => {
      finish(false);
    });
    socket.on('data', (data) => {
      finish(/^(\+PONG|-NOAUTH)/.test(data.toString('latin1')));
    });
    socket.write('PING\r\n');
  });
}
