import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../../libs/database/src/embedded/server-process.js';
import { watchOver } from './watchdog.js';

const run = promisify(execFile);
/**
 * Installs redis-server on Debian and Ubuntu, as root; no npm package ships it. The package would start a service, unless
 * policy-rc.d exits with 101.
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
const START_PATIENCE_MS = 10_000;
const PING_PATIENCE_MS = 1_000;
const PING_PAUSE_MS = 10;
/** What Redis calls the file by default. */
const SNAPSHOT = 'dump.rdb';

/** Options of {@link RedisServer.start}. */
export interface RedisServerOptions {
  /** A free port by default. */
  readonly port?: number;
  /** More arguments, such as `['--maxmemory', '10mb']`. */
  readonly args?: readonly string[];
}

/** A real Redis server that keeps nothing, and that a test can kill, freeze and bring back. */
export class RedisServer {
  private server: ChildProcess | undefined;
  private callOffWatch: () => void = () => undefined;

  private constructor(
    private readonly folder: string,
    readonly port: number,
    private readonly args: readonly string[],
  ) {}

  /**
   * Starts a server and waits until it answers. Installs Redis if it is missing and can be installed.
   *
   * @throws Error with one line that says what to install
   */
  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    await run('redis-server', ['--version']).catch(install);
    const folder = await mkdtemp(join(tmpdir(), 'mes-redis-'));
    const redis = new RedisServer(folder, options.port ?? (await freePort()), options.args ?? []);
    try {
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
    if (this.server?.pid === undefined) throw new Error('Redis does not run');
    return this.server.pid;
  }

  /** Ends the server by SIGKILL, without a word to its clients. */
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

  /** Freezes the server: connections stay open, nothing answers. */
  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  /** Ends the pause. */
  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** Starts the server anew, empty, on the same port. */
  async restart(): Promise<void> {
    await this.kill();
    await this.launch();
  }

  /** Starts the server anew on the same port, with the data of the last `SAVE`, which serves once. */
  async restartFromSnapshot(): Promise<void> {
    await this.restart();
    await rm(join(this.folder, SNAPSHOT));
  }

  /** Ends the server for good and removes its files. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async launch(): Promise<void> {
    const logFile = join(this.folder, 'redis.log');
    const log = await open(logFile, 'a');
    const settings = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const server = spawn('redis-server', [...settings, '--dir', this.folder, ...this.args], {
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
    // Another server might answer on a port that ours could not get.
    if (server.exitCode !== null) throw new Error(`Redis did not start: ${await readFile(logFile, 'utf8')}`);
  }
}

async function install(): Promise<void> {
  await run('sh', ['-c', INSTALL]).catch((cause: unknown) => {
    throw new Error(HINT, { cause });
  });
}

/** Whether a server answers PING, be it by asking for a password. */
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
