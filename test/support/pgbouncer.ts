import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from '../../libs/database/src/embedded/server-process.js';
import { findServerUser } from '../../libs/database/src/embedded/server-user.js';
import { findProgram, librariesOf } from './debian-package.js';
import { eventually } from './eventually.js';
import { watchOver } from './watchdog.js';

/** Options of {@link PgBouncer.start}. */
export interface PgBouncerOptions {
  /** Server connections for each database; 4 by default. */
  readonly poolSize?: number;
  /** Seconds that a client waits for one of them; as in production by default. */
  readonly queryWaitTimeout?: number;
}

const CONFIGURATION = 'docker/pgbouncer/pgbouncer.ini';

/** A real PgBouncer with the configuration of the project in front of one PostgreSQL, which a test can kill, freeze and start again. */
export class PgBouncer {
  private server: ChildProcess | undefined;
  private callOffWatch: () => void = () => undefined;

  private constructor(
    private readonly program: string,
    private readonly folder: string,
    private readonly port: number,
    private readonly target: URL,
  ) {}

  /**
   * Starts a pooler, and waits until it answers.
   *
   * @param databaseUrl of the server that it leads to, with the only user that it lets in
   * @throws Error with one line that says what to install
   */
  static async start(
    databaseUrl: string,
    { poolSize = 4, queryWaitTimeout = 6 }: PgBouncerOptions = {},
  ): Promise<PgBouncer> {
    const program = await findProgram({
      name: 'pgbouncer',
      package: 'pgbouncer',
      folder: 'usr/sbin',
      libraries: ['libc-ares2', 'libevent-2.1-7'],
    });
    const folder = await mkdtemp(join(tmpdir(), 'mes-pgbouncer-'));
    // It does not run as root.
    await chmod(folder, 0o755);
    const [port, target] = [await freePort(), new URL(databaseUrl)];
    const pooler = new PgBouncer(program, folder, port, target);
    try {
      const [user, password] = [target.username, target.password].map(decodeURIComponent);
      await writeFile(join(folder, 'users'), `"${user}" "${password}"\n`);
      const given = await readFile(CONFIGURATION, 'utf8');
      const changes = {
        '\\w+ = host': `* = host=${target.hostname} port=${target.port}`,
        listen_addr: 'listen_addr = 127.0.0.1',
        listen_port: `listen_port = ${port}`,
        auth_file: `auth_file = ${folder}/users`,
        default_pool_size: `default_pool_size = ${poolSize}`,
        query_wait_timeout: `query_wait_timeout = ${queryWaitTimeout}`,
      };
      const changed = Object.entries(changes).reduce((text, [line, by]) => replaceLine(text, line, by), given);
      await writeFile(join(folder, 'pgbouncer.ini'), `${changed}admin_users = ${user}\n`);
      await pooler.launch();
      return pooler;
    } catch (error) {
      await pooler.stop();
      throw error;
    }
  }

  /** The URL of the same database through the pooler. */
  get url(): string {
    return this.urlOf(this.target.pathname.slice(1));
  }

  /** The URL of another database of the server, through the pooler. */
  urlOf(database: string): string {
    return Object.assign(new URL(this.target), { port: String(this.port), pathname: `/${database}` }).href;
  }

  /** Ends the pooler with SIGKILL. */
  async kill(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    this.callOffWatch();
    if (server?.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, 'exit');
    server.kill('SIGKILL');
    await gone;
  }

  /** Freezes the pooler, or lets it go on. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.server?.kill(name);
  }

  /** Starts a pooler on the same port. */
  async launch(): Promise<void> {
    const logFile = join(this.folder, 'pgbouncer.log');
    const [log, user, libraries] = await Promise.all([
      open(logFile, 'a'),
      findServerUser(undefined),
      librariesOf(this.program),
    ]);
    const server = spawn(this.program, [join(this.folder, 'pgbouncer.ini')], {
      ...user,
      env: { PATH: process.env.PATH, ...libraries },
      cwd: '/',
      stdio: ['ignore', log.fd, log.fd],
    });
    await once(server, 'spawn').finally(() => log.close());
    this.server = server;
    this.callOffWatch = watchOver(server.pid ?? NaN, [this.folder]);
    await eventually(async () => {
      if (server.exitCode !== null) throw new Error(`PgBouncer ended: ${await readFile(logFile, 'utf8')}`);
      return this.console('SHOW VERSION').then(
        () => true,
        () => false,
      );
    });
  }

  /** Runs a command of the console, such as `KILL mes`. */
  async console(command: string): Promise<readonly Record<string, unknown>[]> {
    const client = new pg.Client(this.urlOf('pgbouncer'));
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query<Record<string, unknown>>(command)).rows;
    } finally {
      await client.end();
    }
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function replaceLine(text: string, begin: string, by: string): string {
  const line = new RegExp(`^${begin}\\b.*$`, 'm');
  if (!line.test(text)) throw new Error(`${CONFIGURATION} has no line ${begin}`);
  return text.replace(line, by);
}
