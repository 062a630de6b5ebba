import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { totalmem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareDatabase } from '@mes/database';
import pg from 'pg';
import { CommandError } from '../../../apps/mes-api/src/commands/command-failure.js';
import { showProgress } from '../../../apps/mes-api/src/commands/sample/progress.js';
import { DevelopmentIssuer } from '../../../apps/mes-api/src/auth/development-issuer.js';
import type { Role } from '../../../apps/mes-api/src/auth/caller.js';
import { startPostgres, type PostgresServer } from '../../support/postgres-server.js';
import { RedisServer } from '../../support/redis-server.js';
import { fillOrders } from '../fill/fill-orders.js';
import { RedisCommands } from '../measure/redis-commands.js';
import { StatementCounter } from '../measure/statement-counter.js';
import { note } from '../note.js';
import { PROGRAMS, type ServerName } from './programs.js';
import type { Resources } from './resources.js';
import { ServerProcess, type ServerProgram } from './server-process.js';

const MEBIBYTE = 1024 * 1024;
const DATABASE_PATIENCE_MS = 30_000;

/** Headers that authorise a caller. */
export type Authorization = Readonly<Record<'authorization', string>>;

/** Settings of PostgreSQL. Writes are as durable as in production, because the benchmark measures their cost. */
function databaseSettings(): Record<string, string> {
  // PostgreSQL's manual suggests a quarter of the memory.
  const sharedBuffers = Math.min(1024, Math.floor(totalmem() / MEBIBYTE / 4));
  return {
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    shared_buffers: `${sharedBuffers}MB`,
    maintenance_work_mem: '256MB',
    max_wal_size: '4GB',
    max_connections: '300',
    shared_preload_libraries: 'pg_stat_statements',
  };
}

/** The servers of a run: its own PostgreSQL and Redis, filled databases, and the contenders. Each starts when it is needed. */
export class Stage {
  private readonly servers = new Map<string, Promise<ServerProcess>>();
  private readonly databases = new Map<number, Promise<string>>();
  private counter: Promise<StatementCounter> | undefined;

  private constructor(
    private readonly resources: Resources,
    private readonly orders: number,
    private readonly directory: string,
    private readonly issuer: DevelopmentIssuer,
    private readonly postgres: PostgresServer,
    private readonly redis: RedisServer,
    readonly redisCommands: RedisCommands,
  ) {}

  /** @param orders number of orders in the default database */
  static async open(resources: Resources, orders: number): Promise<Stage> {
    const directory = await resources.start(
      () => mkdtemp(join(tmpdir(), 'mes-bench-')),
      (path) => rm(path, { recursive: true, force: true }),
    );
    await chmod(directory, 0o700);
    note('starting PostgreSQL and Redis');
    const postgres = await resources.start(
      () => startPostgres({ settings: databaseSettings() }),
      (server) => server.stop(),
    );
    const redis = await resources.start(startRedis, (server) => server.stop());
    const redisCommands = await resources.start(
      () => RedisCommands.connect(redis.url),
      (connection) => connection.close(),
    );
    const issuer = await DevelopmentIssuer.open(directory);
    return new Stage(resources, orders, directory, issuer, postgres, redis, redisCommands);
  }

  /** A valid token. */
  token(role: Role, subject = `${role}-1`): Promise<string> {
    return this.issuer.issue(subject, [role]);
  }

  /** Headers with which a caller is authorised. */
  async authorization(role: Role, subject?: string): Promise<Authorization> {
    return { authorization: `Bearer ${await this.token(role, subject)}` };
  }

  /**
   * Headers of several callers with the same role. The API limits the concurrent requests of each caller, so load that stands
   * for many people must come from as many callers.
   */
  callers(role: Role, count: number): Promise<readonly Authorization[]> {
    return Promise.all(Array.from({ length: count }, (_, caller) => this.authorization(role, `${role}-${caller + 1}`)));
  }

  /** The URL of a database with this number of orders. The first call fills it. */
  database(orders = this.orders): Promise<string> {
    const database = this.databases.get(orders) ?? this.fill(orders);
    this.databases.set(orders, database);
    return database;
  }

  /** The counter of statements in the default database. */
  statements(): Promise<StatementCounter> {
    this.counter ??= this.resources.start(
      async () => StatementCounter.connect(await this.database()),
      (counter) => counter.close(),
    );
    return this.counter;
  }

  /** Writes the page to the file that the servers with constant bytes read. */
  async publishPage(page: Buffer): Promise<void> {
    await writeFile(this.pageFile, page);
  }

  /** A server. The first call starts it, and it runs until the end. */
  async server(name: ServerName, databaseUrl?: string): Promise<ServerProcess> {
    const url = databaseUrl ?? (await this.database());
    const key = `${name} ${url}`;
    const server = this.servers.get(key) ?? this.start(name, url);
    this.servers.set(key, server);
    return server;
  }

  /** One more instance of this API on the default database, which the caller stops. */
  async anotherApi(name: string, environment: Readonly<Record<string, string>>): Promise<ServerProcess> {
    const databaseUrl = await this.database();
    return ServerProcess.start(this.programOf('api-redis', databaseUrl, name, environment));
  }

  get redisPid(): number {
    return this.redis.pid;
  }

  get postgresPid(): number {
    return this.postgres.pid;
  }

  private get pageFile(): string {
    return join(this.directory, 'page.json');
  }

  private start(name: ServerName, databaseUrl: string): Promise<ServerProcess> {
    return this.resources.start(
      () => ServerProcess.start(this.programOf(name, databaseUrl)),
      (server) => server.stop(),
    );
  }

  private programOf(
    server: ServerName,
    databaseUrl: string,
    name: string = server,
    more: Readonly<Record<string, string>> = {},
  ): ServerProgram {
    const { path, redis } = PROGRAMS[server];
    const environment = {
      DATABASE_URL: databaseUrl,
      DATA_DIR: this.directory,
      LOG_LEVEL: 'warn',
      PAGE_FILE: this.pageFile,
      ...(redis ? { REDIS_URL: this.redis.url } : {}),
      ...more,
    };
    return { name, program: path, environment, directory: this.directory };
  }

  private async fill(orders: number): Promise<string> {
    const url = await this.postgres.createDatabase();
    await prepareDatabase({ url, patience: DATABASE_PATIENCE_MS });
    note(`filling a database with ${orders.toLocaleString('en-US')} orders`);
    const client = await this.resources.start(
      () => connect(url),
      (started) => started.end(),
    );
    const progress = showProgress(orders, 'orders');
    try {
      await fillOrders(client, orders, (done) => {
        progress.update(done);
      });
    } finally {
      progress.stop();
    }
    note('writing the database to the disk');
    // Without it, PostgreSQL would write during a measurement.
    await client.query('CHECKPOINT');
    return url;
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'mes-orders-bench', keepAlive: true });
  // A broken connection also fails the query in progress.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function startRedis(): Promise<RedisServer> {
  try {
    return await RedisServer.start();
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error));
  }
}
