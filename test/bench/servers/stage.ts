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
import { ServerProcess } from './server-process.js';

const MEBIBYTE = 1024 * 1024;
const DATABASE_PATIENCE_MS = 30_000;

/** PostgreSQL as in production as far as durability goes, since what a write costs is measured, too. */
function databaseSettings(): Record<string, string> {
  // A quarter of the memory is what PostgreSQL's manual suggests.
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

/** Where everything plays: PostgreSQL and Redis of its own, filled databases, and servers, each started when it is needed. */
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

  /** @param orders in the database that the servers use unless told otherwise */
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

  /** A good token. */
  token(role: Role, subject = `${role}-1`): Promise<string> {
    return this.issuer.issue(subject, [role]);
  }

  /** The URL of a database with so many orders, filled when it is first asked for. */
  database(orders = this.orders): Promise<string> {
    const database = this.databases.get(orders) ?? this.fill(orders);
    this.databases.set(orders, database);
    return database;
  }

  /** Counts statements of the database that the servers use unless told otherwise. */
  statements(): Promise<StatementCounter> {
    this.counter ??= this.resources.start(
      async () => StatementCounter.connect(await this.database()),
      (counter) => counter.close(),
    );
    return this.counter;
  }

  /** Makes the bytes known to those servers that know nothing else. */
  async publishPage(page: Buffer): Promise<void> {
    await writeFile(this.pageFile, page);
  }

  /** A server, started when it is first asked for, and alive from then on. */
  async server(name: ServerName, databaseUrl?: string): Promise<ServerProcess> {
    const url = databaseUrl ?? (await this.database());
    const key = `${name} ${url}`;
    const server = this.servers.get(key) ?? this.start(name, url);
    this.servers.set(key, server);
    return server;
  }

  private get pageFile(): string {
    return join(this.directory, 'page.json');
  }

  private start(name: ServerName, databaseUrl: string): Promise<ServerProcess> {
    const { path, redis } = PROGRAMS[name];
    const environment = {
      DATABASE_URL: databaseUrl,
      DATA_DIR: this.directory,
      LOG_LEVEL: 'warn',
      PAGE_FILE: this.pageFile,
      ...(redis ? { REDIS_URL: this.redis.url } : {}),
    };
    return this.resources.start(
      () => ServerProcess.start({ name, program: path, environment, directory: this.directory }),
      (server) => server.stop(),
    );
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
    note('writing it to the disk');
    // Or PostgreSQL would do so while somebody is measured.
    await client.query('CHECKPOINT');
    return url;
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'mes-orders-bench', keepAlive: true });
  // Whatever breaks the connection fails the query under way, too.
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
