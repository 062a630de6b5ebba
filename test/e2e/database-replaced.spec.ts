import { EventEmitter2 } from '@nestjs/event-emitter';
import { DATABASE_REPLACED } from '../../apps/mes-api/src/backplane/postgres-notifications.js';
import {
  EVENTS_STREAM_DEFAULTS,
  EVENTS_STREAM_OPTIONS,
} from '../../apps/mes-api/src/events-stream/events-stream.options.js';
import { DatabaseDump } from '../support/database-dump.js';
import { EventStream } from '../support/event-stream.js';
import { eventually } from '../support/eventually.js';
import { OrdersApi } from '../support/orders-api.js';
import { OrdersTable } from '../support/orders-table.js';
import { RedisServer } from '../support/redis-server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { insertOrders, newOrder } from '../support/test-orders.js';

interface Listed {
  readonly items: readonly { readonly id: string }[];
  readonly nextCursor: string | null;
}

interface History {
  readonly items: readonly { readonly comment?: string }[];
}

/** The database changes in many transactions, and each of them may reset clients. */
const MANY_TRANSACTIONS = { once: false };

/** More transactions than can happen between a restore and the notice of it. */
const NUMBERS = 5_000;

let redis: RedisServer;
let database: TestDatabase;
let table: OrdersTable;
let started: OrdersApi[];
let open: EventStream[];

beforeAll(async () => {
  redis = await RedisServer.start();
});

afterAll(() => redis.stop());

beforeEach(async () => {
  database = await createTestDatabase();
  [started, open] = [[], []];
});

afterEach(async () => {
  for (const stream of open) stream.drop();
  for (const api of started) await api.stop();
  await table.close();
  await database.drop();
});

async function instance(redisUrl: string | undefined, databaseUrl = database.url): Promise<OrdersApi> {
  // Longer than the test, so that events arrive by notifications and not by polling.
  const options = { ...EVENTS_STREAM_DEFAULTS, pollInterval: 600_000 };
  const api = await OrdersApi.start({
    databaseUrl,
    redisUrl,
    override: (module) => module.overrideProvider(EVENTS_STREAM_OPTIONS).useValue(options),
  });
  started.push(api);
  return api;
}

async function follow(api: OrdersApi, lastEventId?: string): Promise<EventStream> {
  const stream = await EventStream.open(api.url, { token: await api.token('viewer'), lastEventId });
  open.push(stream);
  return stream;
}

/** Creates an order. It tries again after 503, which the API sends until it has joined the other instances again. */
async function create(api: OrdersApi): Promise<string> {
  const token = await api.token('partner');
  return eventually(async () => {
    const { status, body } = await api.call('/api/v1/orders', { method: 'POST', token, body: newOrder() });
    if (status === 503) return undefined;
    expect(status).toBe(201);
    return String(body.id);
  });
}

async function take(api: OrdersApi, id: string): Promise<void> {
  const token = await api.token('operator');
  const body = { status: 'MANUFACTURING_STARTED' };
  expect((await api.call(`/api/v1/orders/${id}/status`, { method: 'PATCH', token, body })).status).toBe(200);
}

async function read<T>(api: OrdersApi, path: string): Promise<T> {
  const { status, body } = await api.call<T>(`/api/v1/${path}`, { token: await api.token('operator') });
  expect(status).toBe(200);
  return body;
}

async function listed(api: OrdersApi): Promise<string[]> {
  return (await read<Listed>(api, 'orders?status=NEW')).items.map(({ id }) => id).sort();
}

async function counted(api: OrdersApi): Promise<number> {
  return (await read<{ counts: { NEW: number } }>(api, 'dashboard/statuses')).counts.NEW;
}

/** Waits until an instance responds from its cache. */
async function cached(api: OrdersApi, path: string): Promise<void> {
  const token = await api.token('operator');
  await eventually(async () =>
    (await api.call(`/api/v1/${path}`, { token })).headers.get('cache-status')?.endsWith('; hit'),
  );
}

function told(stream: EventStream): string[] {
  return stream.news.map(({ event }) => event);
}

describe.each<[string, () => string | undefined]>([
  ['two instances with Redis', () => redis.url],
  ['one instance without Redis', () => undefined],
])('a database that is replaced under %s', (_, redisUrl) => {
  /** Two instances; without Redis, the same instance twice. */
  let apis: [OrdersApi, OrdersApi];
  let streams: EventStream[];

  beforeEach(async () => {
    const one = await instance(redisUrl());
    apis = [one, redisUrl() === undefined ? one : await instance(redisUrl())];
    table = await OrdersTable.connect(database.url);
  });

  /** Fills the caches of both instances, and connects clients of the live events. */
  async function prepare(): Promise<void> {
    for (const api of apis) for (const path of ['orders?status=NEW', 'dashboard/statuses']) await cached(api, path);
    streams = [await follow(apis[0]), await follow(apis[1])];
  }

  /** Reports the replacement of the database at once, instead of after the next heartbeat. */
  function notice(): void {
    for (const api of apis) api.application.get(EventEmitter2).emit(DATABASE_REPLACED);
  }

  /** Checks that all clients are reset and all instances show the new state. */
  async function expectReset({ once = true } = {}): Promise<void> {
    for (const stream of streams) await eventually(() => told(stream).includes('reset'));
    const rows = await table.query<{ id: string }>(`SELECT id FROM orders WHERE status = 'NEW' ORDER BY id`);
    const [counts] = await table.query<{ count: number }>(
      `SELECT coalesce(sum(count), 0)::integer AS count FROM order_status_counts WHERE status = 'NEW'`,
    );
    for (const api of apis) {
      expect(await listed(api)).toEqual(rows.map(({ id }) => id));
      expect(await counted(api)).toBe(counts?.count);
    }
    for (const stream of streams) expect(once ? told(stream) : [...new Set(told(stream))]).toEqual(['reset']);
  }

  it.each<[string, () => Promise<void>, { once?: boolean }?]>([
    [
      'by a restore of its own dump',
      async () => {
        const dump = await DatabaseDump.take(database.url);
        await create(apis[0]);
        await prepare();
        await dump.restore(database.url);
      },
      MANY_TRANSACTIONS,
    ],
    [
      'by a restore of the rows of its own dump',
      async () => {
        const dump = await DatabaseDump.take(database.url);
        await take(apis[0], await create(apis[1]));
        await prepare();
        await dump.restoreData(database.url);
      },
    ],
    [
      'by a restore of one table of its own dump',
      async () => {
        const dump = await DatabaseDump.take(database.url);
        await create(apis[0]);
        await prepare();
        await dump.restoreData(database.url, ['order_status_counts']);
      },
    ],
    [
      'by a restore of another installation’s dump',
      async () => {
        const other = await createTestDatabase();
        const there = await instance(undefined, other.url);
        for (let i = 0; i < 3; i += 1) await create(there);
        const dump = await DatabaseDump.take(other.url);
        await started.pop()?.stop();
        await other.drop();
        await prepare();
        await dump.restore(database.url);
      },
      MANY_TRANSACTIONS,
    ],
    [
      'by another table with the same name',
      async () => {
        await table.query('CREATE TABLE other_orders (LIKE orders INCLUDING ALL)');
        await table.query(insertOrders(1).replace('orders', 'other_orders'));
        await prepare();
        await table.query(
          'BEGIN; ALTER TABLE orders RENAME TO old_orders; ALTER TABLE other_orders RENAME TO orders; COMMIT',
        );
      },
    ],
    [
      'by rows that no trigger reports',
      async () => {
        await prepare();
        await table.query(
          `BEGIN; ALTER TABLE orders DISABLE TRIGGER ALL; ${insertOrders(1)}; ALTER TABLE orders ENABLE TRIGGER ALL; COMMIT`,
        );
      },
    ],
  ])('resets clients and shows the new state, %s', async (__, replace, resets = { once: true }) => {
    await create(apis[0]);
    await replace();
    notice();
    await expectReset(resets);

    const id = await create(apis[0]);
    expect(await listed(apis[1])).toContain(id);
  });

  it('resets clients that reconnect with an id of the old database, even a plausible one', async () => {
    await create(apis[0]);
    await prepare();
    const { lastEventId } = streams[0] ?? {};
    await (await DatabaseDump.take(database.url)).restore(database.url);
    for (const api of apis) {
      const stream = await follow(api, lastEventId);
      await eventually(() => told(stream).includes('reset'));
    }
  });

  it('sends no restored events, even if their transaction numbers occur again', async () => {
    const id = await create(apis[0]);
    await table.query(`UPDATE order_events SET xid = (pg_current_xact_id()::text::bigint + ${NUMBERS})::text::xid8`);
    const dump = await DatabaseDump.take(database.url);
    await prepare();
    await dump.restoreData(database.url);
    notice();
    await expectReset();
    await table.query(`DO $$ BEGIN FOR i IN 0..${NUMBERS} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$`);
    await create(apis[0]);
    for (const stream of streams) {
      await eventually(() => told(stream).includes('order.created'));
      expect(stream.news.map(({ data }) => data.id)).not.toContain(id);
    }
  });

  it('has a new key for cursors, which all instances use', async () => {
    for (let i = 0; i < 2; i += 1) await create(apis[0]);
    const page = 'orders?status=NEW&limit=1';
    const { nextCursor: before } = await read<Listed>(apis[0], page);
    await read<Listed>(apis[1], page);
    await table.query(`BEGIN; CREATE TABLE others (LIKE secrets INCLUDING ALL); INSERT INTO others VALUES ('cursor', 'other');
      DROP TABLE secrets; ALTER TABLE others RENAME TO secrets; COMMIT`);
    streams = [await follow(apis[0]), await follow(apis[1])];
    notice();
    const fresh = await instance(redisUrl());
    for (const api of [...apis, fresh]) {
      const next = async (cursor: string | null): Promise<number> =>
        (await api.call(`/api/v1/${page}&cursor=${cursor ?? ''}`, { token: await api.token('operator') })).status;
      expect(await next(before)).toBe(400);
      const { nextCursor } = await read<Listed>(api, `${page}&sort=createdAt`);
      for (const other of [...apis, fresh]) await read(other, `${page}&sort=createdAt&cursor=${nextCursor ?? ''}`);
    }
  });

  it.each<[string, (id: string) => string, (api: OrdersApi, id: string) => Promise<unknown>, unknown]>([
    [
      'the history of an order',
      (id) => `UPDATE order_status_changes SET comment = 'by hand' WHERE order_id = '${id}'`,
      async (api, id) => (await read<History>(api, `orders/${id}/history`)).items[0]?.comment,
      'by hand',
    ],
    [
      'an entry removed from a history',
      (id) => `DELETE FROM order_status_changes WHERE order_id = '${id}'`,
      async (api, id) => (await read<History>(api, `orders/${id}/history`)).items.length,
      0,
    ],
    [
      'the counts',
      () => `INSERT INTO order_status_counts (status, priority, shard, count) VALUES ('NEW', 'LOW', 99, 6)`,
      counted,
      7,
    ],
    ['all counts', () => 'TRUNCATE order_status_counts', counted, 0],
    [
      'orders, by a session without triggers',
      () =>
        `SET session_replication_role = replica; DELETE FROM orders WHERE status = 'NEW'; RESET session_replication_role`,
      async (api) => [await listed(api), await counted(api)],
      [[], 0],
    ],
    [
      'an order, by a session without triggers',
      (id) =>
        `SET session_replication_role = replica; UPDATE orders SET comment = 'by hand' WHERE id = '${id}'; RESET session_replication_role`,
      async (api, id) => (await read<{ comment: string }>(api, `orders/${id}`)).comment,
      'by hand',
    ],
  ])('resets clients and shows changes by SQL: %s', async (__, sql, look, expected) => {
    const id = await create(apis[0]);
    await take(apis[0], id);
    await create(apis[1]);
    await prepare();
    for (const api of apis) {
      for (const path of [`orders/${id}`, `orders/${id}/history`]) await cached(api, path);
      expect(await look(api, id)).not.toEqual(expected);
    }
    await table.query(sql(id));
    for (const api of apis) {
      await eventually(async () => JSON.stringify(await look(api, id)) === JSON.stringify(expected));
    }
    for (const stream of streams) await eventually(() => told(stream).includes('reset'));
  });
});

describe('the administrator’s command to evict everything', () => {
  it.each<[string, () => (string | undefined)[]]>([
    ['with Redis', () => [redis.url, redis.url]],
    ['without Redis', () => [undefined, undefined]],
    ['one of them without Redis', () => [redis.url, undefined]],
    ['the other one without Redis', () => [undefined, redis.url]],
  ])('works on all instances, %s, and resets connected clients', async (_, redisUrls) => {
    const apis = [];
    for (const url of redisUrls()) apis.push(await instance(url));
    table = await OrdersTable.connect(database.url);
    const [first] = apis;
    if (!first) throw new Error('there is no instance');
    const evictAll = async (): Promise<number> => {
      const request = { method: 'POST', token: await first.token('admin'), body: { tags: ['epoch'] } };
      return (await first.call('/api/v1/cache/evictions', request)).status;
    };
    // Instances without a common Redis cannot share a cache, so only the first one has a cache.
    const caching = redisUrls().every((url) => url === redis.url) ? apis : [first];
    for (const api of caching) await cached(api, 'orders?status=NEW');

    // A write that claims to have a pending write, so that its trigger does not notify the instances.
    await table.query(`BEGIN; SET LOCAL mes.announced = 'on'; ${insertOrders(1)}; COMMIT`);
    for (const api of caching) expect(await listed(api)).toEqual([]);
    expect(await evictAll()).toBe(202);
    for (const api of apis) expect(await listed(api)).toHaveLength(1);

    const streams = await Promise.all(apis.map((api) => follow(api)));
    const { lastEventId } = streams[0] ?? {};
    expect(await evictAll()).toBe(202);
    for (const stream of streams) await eventually(() => told(stream).includes('reset'));
    const late = await follow(first, lastEventId);
    await eventually(() => told(late).includes('reset'));
    for (const stream of [...streams, late]) expect(told(stream)).toEqual(['reset']);
  });
});
