import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { prepareDatabase } from '@mes/database';
import { DataSource } from 'typeorm';
import { databaseOptions } from '../../libs/database/src/database-options.js';
import { DATABASE_DEFAULTS } from '../../libs/database/src/database-settings.js';
import { createDatabaseWithRoles, type DatabaseWithRoles } from '../support/database-roles.js';
import { eventually } from '../support/eventually.js';
import { OrdersApi } from '../support/orders-api.js';
import { DatabasePrograms } from '../support/database-programs.js';
import { startPostgres, type PostgresServer } from '../support/postgres-server.js';
import { RedisServer } from '../support/redis-server.js';
import { newOrder } from '../support/test-orders.js';

const run = promisify(execFile);

/** The commands in docker/README.md: the dump, its restore, and what an older dump or another owner needs. */
async function documentedCommands(): Promise<{
  readonly dump: string;
  readonly restore: string;
  readonly anew: string[];
}> {
  const guide = await readFile('docker/README.md', 'utf8');
  const [, section = ''] = /^### Restores\n(.*?)^### /ms.exec(guide) ?? [];
  const blocks = [...section.matchAll(/```sh\n(.*?)```/gs)].map(([, lines = '']) => lines.trim().split('\n'));
  const [[dump = '', restore = ''] = [], anew = []] = blocks.filter((lines) => lines.join().includes('pg_restore'));
  return { dump, restore, anew };
}

describe('the documented commands for restores', () => {
  let programs: DatabasePrograms;
  let server: PostgresServer;
  let redis: RedisServer;
  let directory: string;
  let database: DatabaseWithRoles;
  let api: OrdersApi | undefined;

  beforeAll(async () => {
    programs = await DatabasePrograms.find();
    [server, redis, directory] = await Promise.all([
      startPostgres({ version: programs.serverVersion }),
      RedisServer.start(),
      mkdtemp(join(tmpdir(), 'mes-restores-')),
    ]);
  });

  afterAll(async () => {
    await Promise.all([server.stop(), redis.stop(), rm(directory, { recursive: true })]);
  });

  beforeEach(async () => {
    database = await createDatabaseWithRoles(server.url);
    await migrate(database);
  });

  afterEach(async () => {
    await api?.stop();
    api = undefined;
    await database.drop();
  });

  function migrate({ ownerUrl, role }: DatabaseWithRoles): Promise<unknown> {
    return prepareDatabase({ url: ownerUrl, patience: 60_000, grantTo: role });
  }

  /** Runs commands with the owner of a database. */
  async function execute(commands: readonly string[], on = database): Promise<void> {
    expect(commands).not.toEqual([]);
    for (const command of commands) {
      if (command.startsWith('npm run migrate -- --grant-to ')) await migrate(on);
      else {
        const env = { ...process.env, ...programs.environment, DATABASE_URL: on.ownerUrl };
        await run('sh', ['-c', command], { cwd: directory, env });
      }
    }
  }

  /** Takes the schema back to the time before a migration. */
  async function undo(migration: string): Promise<void> {
    const options = databaseOptions({ ...DATABASE_DEFAULTS, url: database.ownerUrl });
    const dataSource = await new DataSource(options).initialize();
    const isApplied = async (): Promise<boolean> =>
      (await dataSource.query<unknown[]>('SELECT FROM schema_migrations WHERE name = $1', [migration])).length > 0;
    while (await isApplied()) await dataSource.undoLastMigration();
    await dataSource.destroy();
  }

  /** An order in the database, made without the API: the schema may be an older one. */
  async function insert(name: string): Promise<void> {
    await database.run(
      `INSERT INTO orders (id, source, customer_id, customer_name, product_name, material, quantity, priority, created_by)
       VALUES (gen_random_uuid(), 'CRM', 'C-1', '${name}', 'Ring', 'Gold 585', 1, 'LOW', 'sql')`,
    );
  }

  async function start(on = database): Promise<OrdersApi> {
    api = await OrdersApi.start({ databaseUrl: on.roleUrl, redisUrl: redis.url });
    return api;
  }

  /** The customers of the new orders, and how many new orders are counted. */
  async function shown(on: OrdersApi): Promise<unknown> {
    const token = await on.token('operator');
    const list = await on.call<{ items?: { customer: { name: string } }[] }>('/api/v1/orders?status=NEW', { token });
    const dashboard = await on.call<{ counts?: { NEW: number } }>('/api/v1/dashboard/statuses', { token });
    return { names: list.body.items?.map(({ customer }) => customer.name), count: dashboard.body.counts?.NEW };
  }

  /** Checks what an instance shows after a restore, and that it creates orders again. */
  async function expectRestored(on: OrdersApi): Promise<void> {
    await eventually(async () => JSON.stringify(await shown(on)) === JSON.stringify({ names: ['kept'], count: 1 }));
    const request = { method: 'POST', token: await on.token('partner'), body: newOrder() };
    await eventually(async () => (await on.call('/api/v1/orders', request)).status === 201);
    expect(await shown(on)).toMatchObject({ count: 2 });
  }

  it('bring back a dump beside a running instance, which forgets what was cached', async () => {
    const { dump, restore } = await documentedCommands();
    await insert('kept');
    await execute([dump]);
    const running = await start();
    await insert('lost');
    await eventually(
      async () => JSON.stringify(await shown(running)) === JSON.stringify({ names: ['lost', 'kept'], count: 2 }),
    );
    await execute([restore]);
    await expectRestored(running);
  });

  it.each(['FindWordStarts1765300000000', 'ArchiveOrders1765200000000', 'CountByPriority1764700000000'])(
    'bring back a dump from before %s beside a running instance',
    async (migration) => {
      const { dump, anew } = await documentedCommands();
      await insert('kept');
      await undo(migration);
      await execute([dump]);
      await migrate(database);
      const running = await start();
      await insert('lost');
      await eventually(
        async () => JSON.stringify(await shown(running)) === JSON.stringify({ names: ['lost', 'kept'], count: 2 }),
      );
      await execute(anew);
      await expectRestored(running);
    },
  );

  it('bring back a dump in a database of other roles, and from there again', async () => {
    const { dump, restore, anew } = await documentedCommands();
    await insert('kept');
    await execute([dump]);
    const other = await createDatabaseWithRoles(server.url);
    try {
      await execute(anew, other);
      await execute([dump, restore], other);
      await expectRestored(await start(other));
      await api?.stop();
      api = undefined;
    } finally {
      await other.drop();
    }
  });
});
