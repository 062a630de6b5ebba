import { randomUUID } from 'node:crypto';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { prepareDatabase, readCacheNamespace, readSharedSecret } from '@mes/database';
import type { Type } from '@nestjs/common';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { Members } from '../../apps/mes-api/src/backplane/members.js';
import { PostgresNotifications } from '../../apps/mes-api/src/backplane/postgres-notifications.js';
import { loadOrders } from '../../apps/mes-api/src/commands/sample/load-orders.js';
import { sampleOrders } from '../../apps/mes-api/src/commands/sample/sample-orders.js';
import { EventLog } from '../../apps/mes-api/src/events-stream/event-log.js';
import { OrderArchiving } from '../../apps/mes-api/src/orders/order-archiving.js';
import { EventPruning } from '../../apps/mes-api/src/events-stream/event-pruning.js';
import { createDatabaseWithRoles, type DatabaseWithRoles } from '../support/database-roles.js';
import { EventStream } from '../support/event-stream.js';
import { eventually } from '../support/eventually.js';
import { OrdersApi } from '../support/orders-api.js';
import { startPostgres, type PostgresServer } from '../support/postgres-server.js';
import { RedisServer } from '../support/redis-server.js';
import { newOrder } from '../support/test-orders.js';

const PATIENCE_MS = 60_000;
/** Each command is compiled before it runs. */
const COMMANDS_PATIENCE_MS = 300_000;
/** How many orders a sample has. */
const SAMPLE = 20;
const READS = [
  ...['orders?status=NEW', 'orders?sort=dueAt', 'orders?q=Соколова', 'orders/count?q=ring'],
  ...['dashboard/statuses', 'dashboard/due', 'dashboard/throughput', 'dashboard/workload'],
];
/** What PostgreSQL logs if a role lacks a right. It denies the tables of a schema that the role may not use. */
const DENIAL = /(?:ERROR|FATAL): {2}(?:permission denied .*|(?:relation|function) .* does not exist)/g;

describe('a role with the least rights', () => {
  let server: PostgresServer;
  let redis: RedisServer;
  let database: DatabaseWithRoles;

  beforeAll(async () => {
    [server, redis] = await Promise.all([startPostgres(), RedisServer.start()]);
  });

  afterAll(async () => {
    await Promise.all([server.stop(), redis.stop()]);
  });

  let heardOf = 0;
  let loaded = 0;

  beforeEach(async () => {
    database = await createDatabaseWithRoles(server.url);
    await denials();
  });

  afterEach(() => database.drop());

  function start(redisUrl?: string): Promise<OrdersApi> {
    return OrdersApi.start({
      databaseUrl: database.roleUrl,
      ...(redisUrl !== undefined && { redisUrl }),
      environment: { ARCHIVE_AFTER_DAYS: '1' },
    });
  }

  /** Adds an old order, and moves it to the archive. */
  async function archive(api: OrdersApi): Promise<string> {
    const id = randomUUID();
    await database.run(
      `INSERT INTO orders (id, source, customer_id, customer_name, product_name, material, quantity, priority, created_by, status,
         created_at, updated_at)
       VALUES ('${id}', 'CRM', 'C-1', 'Anna', 'Ring', 'Gold 585', 1, 'LOW', 'sql', 'CLOSED', now() - interval '2 days',
         now() - interval '2 days')`,
    );
    await database.run('UPDATE order_archiving SET next_at = DEFAULT');
    await api.application.get(OrderArchiving, { strict: false }).archive();
    return id;
  }

  /** What PostgreSQL has denied since the last call. It logs before it answers. */
  async function denials(): Promise<string[]> {
    const log = await readFile(server.logFile, 'utf8');
    const found = log.slice(heardOf).match(DENIAL) ?? [];
    heardOf = log.length;
    return found;
  }

  async function asRole(use: (client: pg.Client) => Promise<unknown>): Promise<void> {
    const client = new pg.Client(database.roleUrl);
    try {
      await client.connect();
      await use(client);
    } finally {
      await client.end();
    }
  }

  /** Runs a command in another process, as a user does. */
  function command(name: string, databaseUrl: string, ...args: string[]): Promise<{ code: number; output: string }> {
    const program = [
      '--import',
      resolve('test/support/register-typescript.js'),
      resolve(`apps/mes-api/src/commands/${name}.ts`),
    ];
    // In production, the API needs an issuer. Whoever migrates does not.
    const env = {
      PATH: process.env.PATH,
      DATABASE_URL: databaseUrl,
      DATABASE_WAIT_SECONDS: '0',
      ...(name === 'migrate' && { NODE_ENV: 'production' }),
    };
    return new Promise((done) => {
      execFile(process.execPath, [...program, ...args], { env }, (error, stdout, stderr) => {
        done({ code: Number(error?.code ?? 0), output: stdout + stderr });
      });
    });
  }

  it(
    'gets its rights from a command, and loads the sample',
    async () => {
      const refused = await command('migrate', database.roleUrl);
      expect(refused).toMatchObject({
        code: 1,
        output: expect.stringContaining('permission denied for database') as string,
      });
      const done = await command('migrate', database.ownerUrl, '--grant-to', database.role);
      expect(done.output).toMatch(/^Applied: CreateOrders\d+, .*\.\nGranted: CONNECT ON DATABASE \w+ TO api \w+\.\n/);
      expect(done.code).toBe(0);
      const again = await command('migrate', database.ownerUrl, '--grant-to', database.role);
      expect(again).toEqual({
        code: 0,
        output: `No migration was missing.\n${database.role} has all rights that it needs.\n`,
      });

      const sample = await command('sample', database.roleUrl, '--orders', '300');
      expect(sample).toMatchObject({ code: 0, output: expect.stringContaining('300 orders added') as string });
      const refusal = await command('migrate', database.ownerUrl, '--grant-to', 'nobody');
      expect(refusal).toEqual({
        code: 1,
        output: 'Cannot migrate the database: PostgreSQL has no role nobody: create it first\n',
      });
    },
    COMMANDS_PATIENCE_MS,
  );

  it('lets the API create, list, change, count, resume events and hear what others write', async () => {
    await prepareDatabase({ url: database.ownerUrl, grantTo: database.role, patience: PATIENCE_MS });
    const apis = [await start(redis.url), await start(redis.url), await start()];
    const [one, other, withoutRedis] = apis as [OrdersApi, OrdersApi, OrdersApi];
    try {
      const operator = await other.token('operator');
      const stream = await EventStream.open(other.url, { token: operator });
      const headers = { 'idempotency-key': randomUUID() };
      const creation = { method: 'POST', token: await one.token('partner'), headers, body: newOrder() };
      for (let i = 0; i < 2; i += 1) expect((await one.call('/api/v1/orders', creation)).status).toBe(201);
      const { body: order } = await one.call<{ id: string }>('/api/v1/orders', creation);
      const path = `/api/v1/orders/${order.id}`;
      await eventually(() => stream.news.some(({ event }) => event === 'order.created'));

      const change = { method: 'PATCH', token: operator, body: { status: 'MANUFACTURING_STARTED' } };
      expect((await other.call(`${path}/status`, change)).status).toBe(200);
      const urgent = { method: 'PATCH', token: await withoutRedis.token('admin'), body: { priority: 'URGENT' } };
      expect((await withoutRedis.call(path, urgent)).status).toBe(200);
      await eventually(() => stream.news.some(({ event }) => event === 'order.changed'));
      for (const api of apis) {
        const token = await api.token('operator');
        for (const query of READS)
          expect([query, (await api.call(`/api/v1/${query}`, { token })).status]).toEqual([query, 200]);
        expect((await api.call<{ priority: string }>(path, { token })).body.priority).toBe('URGENT');
        expect((await api.call(`${path}/history`, { token })).status).toBe(200);
        expect((await api.call('/health/ready')).body).toMatchObject({ details: { database: { status: 'up' } } });
      }
      const archived = await archive(one);
      for (const api of apis) {
        const token = await api.token('operator');
        expect((await api.call(`/api/v1/orders/${archived}/history`, { token })).status).toBe(200);
      }
      const list = '/api/v1/orders/count?status=CLOSED';
      const { body: left } = await one.call<{ count: number }>(list, { token: await one.token('operator') });
      expect(left.count).toBe(0);
      await database.run(`UPDATE orders SET priority = 'LOW'`);
      for (const api of apis) {
        const token = await api.token('operator');
        await eventually(async () => (await api.call<{ priority: string }>(path, { token })).body.priority === 'LOW');
      }
      stream.drop();
    } finally {
      for (const api of apis) await api.stop();
    }
    expect(await denials()).toEqual([]);
  });

  it('that loses a right is answered for as a database that is away, until it has it again', async () => {
    await prepareDatabase({ url: database.ownerUrl, grantTo: database.role, patience: PATIENCE_MS });
    const api = await start(redis.url);
    try {
      const create = { method: 'POST', token: await api.token('partner'), body: newOrder() };
      expect((await api.call('/api/v1/orders', create)).status).toBe(201);
      await database.run(`REVOKE INSERT ON orders FROM "${database.role}"`);
      expect(await api.call('/api/v1/orders', create)).toMatchObject({
        status: 503,
        body: { code: 'DATABASE_UNAVAILABLE' },
      });
      await database.run(`GRANT INSERT ON orders TO "${database.role}"`);
      expect((await api.call('/api/v1/orders', create)).status).toBe(201);
    } finally {
      await api.stop();
    }
  });

  it('has no right that the API does not need', async () => {
    const { granted } = await prepareDatabase({
      url: database.ownerUrl,
      grantTo: database.role,
      patience: PATIENCE_MS,
    });
    const api = await start();
    const needless: string[] = [];
    try {
      for (const right of granted) {
        await eventually(() => api.application.get(PostgresNotifications, { strict: false }).isConnected);
        await denials();
        await database.run(`REVOKE ${right} FROM "${database.role}"`);
        if (!(await isDenied(api))) needless.push(right);
        await database.run(`GRANT ${right} TO "${database.role}"`);
      }
    } finally {
      await api.stop();
    }
    expect(needless).toEqual([]);
  });

  /** Whether PostgreSQL denies the API anything that it does. */
  async function isDenied(api: OrdersApi): Promise<boolean> {
    const provider = <T>(type: Type<T>): T => api.application.get(type, { strict: false });
    const admin = await api.token('admin');
    const call = (method: string, path: string, body?: unknown): Promise<unknown> =>
      api.call(`/api/v1/${path}`, { method, token: admin, body });
    const dataSource = provider(DataSource);
    // The external ids of a sample contain the numbers after this one.
    const after = (loaded += SAMPLE);
    const deeds: (() => Promise<unknown>)[] = [
      () => asRole((client) => client.query('SELECT count(*) FROM orders')),
      () => provider(Members).beat(),
      () => call('POST', 'cache/evictions', { tags: ['epoch'] }),
      async () => {
        const { body } = await api.call<{ id: string }>('/api/v1/orders', {
          method: 'POST',
          token: admin,
          body: newOrder(),
        });
        await call('PATCH', `orders/${body.id}`, { priority: 'URGENT' });
        await call('PATCH', `orders/${body.id}/status`, { status: 'MANUFACTURING_STARTED' });
        await call('GET', `orders/${body.id}/history`);
      },
      ...READS.map((path) => () => call('GET', path)),
      async () => {
        await database.run(`INSERT INTO order_event_horizons (taken_at) VALUES (now() - interval '2 hours')`);
        await provider(EventPruning).prune();
      },
      async () => {
        const id = await archive(api);
        await call('GET', `orders/${id}/history`);
      },
      () => provider(EventLog).now(),
      () => readSharedSecret(dataSource, 'cursor'),
      () => readCacheNamespace(dataSource),
      () => asRole((client) => client.query('SELECT name FROM schema_migrations')),
      () =>
        asRole((client) =>
          loadOrders(client, [...sampleOrders({ count: SAMPLE, after, seed: 'rights', until: Date.now() })]),
        ),
      () => provider(Members).claimStore(randomUUID(), '', true),
    ];
    for (const deed of deeds) {
      await deed().catch(() => undefined);
      if ((await denials()).length > 0) return true;
    }
    return false;
  }
});
