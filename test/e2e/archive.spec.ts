import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { FINAL_STATUSES, ORDER_STATUSES } from '../../apps/mes-api/src/orders/order-status.js';
import { PostgresNotifications } from '../../apps/mes-api/src/backplane/postgres-notifications.js';
import { OrderArchiving, ORDER_ARCHIVING_OPTIONS } from '../../apps/mes-api/src/orders/order-archiving.js';
import { ApiProcess, PATIENT } from '../support/api-process.js';
import { EventStream } from '../support/event-stream.js';
import { eventually } from '../support/eventually.js';
import { OrdersApi, type ApiRequest } from '../support/orders-api.js';
import { OrdersTable } from '../support/orders-table.js';
import { RedisServer } from '../support/redis-server.js';
import { Scrape } from '../support/scrape.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { newOrder } from '../support/test-orders.js';

interface Listed {
  readonly items: readonly { readonly id: string; readonly number: number }[];
}

/** A request, with the role and the name of its caller. */
interface Question extends Omit<ApiRequest, 'token'> {
  readonly path: string;
  readonly as?: readonly ['operator' | 'partner' | 'admin', string];
}

const BATCH = 7;

let database: TestDatabase;
let redis: RedisServer;
let instances: readonly [OrdersApi, OrdersApi];
let table: OrdersTable;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), RedisServer.start()]);
  const start = (): Promise<OrdersApi> =>
    OrdersApi.start({
      databaseUrl: database.url,
      redisUrl: redis.url,
      environment: { ARCHIVE_AFTER_DAYS: '1' },
      override: (builder) =>
        builder
          .overrideProvider(ORDER_ARCHIVING_OPTIONS)
          .useValue({ interval: 3_600_000, batchSize: BATCH, pause: 0, rest: 0 }),
    });
  instances = await Promise.all([start(), start()]);
  table = await OrdersTable.connect(database.url);
});

afterAll(async () => {
  await Promise.all(instances.map((instance) => instance.stop()));
  await table.close();
  await Promise.all([redis.stop(), database.drop()]);
});

beforeEach(async () => {
  await table.query('DELETE FROM orders');
  await table.query('TRUNCATE archived_orders, archived_order_status_changes');
  await table.query('UPDATE order_archiving SET created_at = DEFAULT, id = DEFAULT, next_at = DEFAULT');
  await everywhere(async (on) => (await listed(on, '')).length === 0);
});

async function everywhere(condition: (on: number) => Promise<boolean>): Promise<void> {
  for (const on of [0, 1]) await eventually(() => condition(on));
}

async function ask(on: number, { path, as = ['operator', 'olga'], ...request }: Question): Promise<unknown> {
  const api = instances[on as 0 | 1];
  const token = await api.token(...as);
  const { status, body, headers } = await api.call(`/api/v1/${path}`, { ...request, token });
  return { path, status, body: { ...body, requestId: undefined }, etag: headers.get('etag') };
}

async function get<T>(on: number, path: string): Promise<T> {
  return ((await ask(on, { path })) as { body: T }).body;
}

async function listed(on: number, query: string): Promise<Listed['items']> {
  return (await get<Listed>(on, `orders?limit=200&${query}`)).items;
}

function archive(on = 0): Promise<void> {
  return instances[on as 0 | 1].application.get(OrderArchiving, { strict: false }).archive();
}

/** Archives until so many orders are in the archive. An attempt ends early if a lease of the instance ends on a busy machine. */
async function archiveUntil(count: number, on = 0): Promise<void> {
  await eventually(async () => {
    await archive(on);
    return (await idsIn('archived_orders')).length >= count;
  });
}

/** Inserts orders by SQL that were created and changed last so many days ago. They have one line of history. */
async function insert(count: number, status: string, days: number): Promise<string[]> {
  const rows = await table.query<{ id: string }>(
    `WITH made AS (
      INSERT INTO orders (id, source, customer_id, customer_name, product_name, material, quantity, priority, created_by, status,
        assignee, version, created_at, updated_at)
      SELECT gen_random_uuid(), 'CRM', 'C-1', 'Anna', 'Ring', 'Gold 585', 1, (enum_range(NULL::order_priority))[1 + n % 4], 'sql', $2,
        'olga', 2, now() - $3 * interval '1 day', now() - $3 * interval '1 day'
      FROM generate_series(1, $1) AS n RETURNING *
    ), noted AS (
      INSERT INTO order_status_changes (order_id, version, from_status, to_status, changed_by, changed_at)
      SELECT id, 2, 'ON_HOLD', 'MANUFACTURING_STARTED', 'olga', updated_at FROM made
    ) SELECT id FROM made`,
    [count, status, days],
  );
  return rows.map(({ id }) => id);
}

async function idsIn(name: string): Promise<string[]> {
  return (await table.query<{ id: string }>(`SELECT id FROM ${name} ORDER BY id`)).map(({ id }) => id);
}

/** Checks the lists, totals and counts of an instance against the table. */
async function expectTruth(on: number): Promise<void> {
  const rows = await table.query<{ status: string; ids: string[] }>(
    'SELECT status, array_agg(id::text ORDER BY id) AS ids FROM orders GROUP BY status',
  );
  const real = new Map(rows.map(({ status, ids }) => [status, ids]));
  const { counts } = await get<{ counts: Record<string, number> }>(on, 'dashboard/statuses');
  for (const status of [...FINAL_STATUSES, 'SHIPPED', 'NEW']) {
    const ids = real.get(status) ?? [];
    const shown = await listed(on, `status=${status}`);
    const { count } = await get<{ count: number }>(on, `orders/count?status=${status}`);
    const searched = await get<{ count: number }>(on, `orders/count?status=${status}&q=ring`);
    expect({
      ...{ status, shown: shown.map(({ id }) => id).sort(), count },
      ...{ counted: counts[status], searched: searched.count },
    }).toEqual({ status, shown: ids, count: ids.length, counted: ids.length, searched: ids.length });
  }
}

describe('orders that were finished long ago', () => {
  /** Another program, which may hold locks. */
  let session: pg.Client;

  beforeEach(async () => {
    session = new pg.Client(database.url);
    await session.connect();
  });

  afterEach(() => session.end());

  it('are those whose status is final', async () => {
    // An order on hold would need the status that it returns to.
    for (const status of ORDER_STATUSES.filter((one) => one !== 'ON_HOLD')) await insert(1, status, 2);
    await archiveUntil(FINAL_STATUSES.length);
    const archived = await table.query<{ status: string }>('SELECT status::text FROM archived_orders');
    expect(archived.map(({ status }) => status).sort()).toEqual([...FINAL_STATUSES].sort());
  });

  it.each(['orders', 'order_status_changes'])('have all columns of %s, in the same order', async (name) => {
    const columnsOf = (of: string): Promise<unknown[]> =>
      table.query(
        `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
         WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
        [of],
      );
    expect(await columnsOf(`archived_${name}`)).toEqual(await columnsOf(name));
  });

  it('leave the lists, searches and counts of all instances at once, and no event, and have arrived all the same', async () => {
    const [closed, cancelled] = [await insert(20, 'CLOSED', 2), await insert(3, 'CANCELLED', 2)];
    const left = [
      ...(await insert(2, 'SHIPPED', 9)),
      ...(await insert(2, 'NEW', 9)),
      ...(await insert(2, 'CLOSED', 0.9)),
    ];
    await everywhere(async (on) => (await listed(on, '')).length === 29);
    const figures = (on: number): Promise<Record<string, unknown>> => get(on, 'dashboard/throughput');
    const before = [await figures(0), await figures(1)];
    const streams = await Promise.all(
      instances.map(async (instance) => EventStream.open(instance.url, { token: await instance.token('operator') })),
    );
    const notified = async (): Promise<number[]> =>
      Promise.all(
        instances.map(async (instance) => {
          await instance.application.get(PostgresNotifications, { strict: false }).caughtUp();
          return (await Scrape.of(instance)).value('mes_database_notified_changes_total') ?? NaN;
        }),
      );
    const heard = await notified();
    const moved = async (): Promise<number> =>
      (await Scrape.of(instances[0])).value('mes_orders_archived_total') ?? NaN;
    const movedBefore = await moved();
    for (const on of [0, 1]) await expectTruth(on);

    await archiveUntil(23);
    for (const on of [0, 1]) await expectTruth(on);
    expect(await idsIn('orders')).toEqual(left.sort());
    expect(await idsIn('archived_orders')).toEqual([...closed, ...cancelled].sort());
    for (const on of [0, 1]) {
      expect({ ...(await figures(on)), asOf: undefined }).toEqual({ ...before[on], asOf: undefined });
      for (const id of closed.slice(0, 3))
        expect(await ask(on, { path: `orders/${id}` })).toMatchObject({ status: 200 });
    }
    expect((await moved()) - movedBefore).toBe(23);
    expect(await notified()).toEqual(heard);

    const body = newOrder();
    await instances[0].call('/api/v1/orders', { method: 'POST', token: await instances[0].token('partner'), body });
    await eventually(() => streams.every(({ news }) => news.length > 0));
    for (const stream of streams) {
      expect(stream.news.map(({ event }) => event)).toEqual(['order.created']);
      stream.drop();
    }
  });

  it('are answered as before by their id and number, and their keys and final status keep their meaning', async () => {
    const [first] = instances;
    const partner = ['partner', 'partner-1'] as const;
    const body = newOrder({ externalId: 'WEB-1' });
    const creation = { path: 'orders', method: 'POST', as: partner, headers: { 'idempotency-key': 'key-1' }, body };
    const created = (await ask(0, creation)) as { body: { id: string; number: number } };
    const { id, number } = created.body;
    const change = async (status: string): Promise<number> => {
      const request = { method: 'PATCH', token: await first.token('operator', 'olga'), body: { status } };
      return (await first.call(`/api/v1/orders/${id}/status`, request)).status;
    };
    const steps = ['MANUFACTURING_STARTED', 'MANUFACTURING_COMPLETED', 'PACKAGING', 'SHIPPED', 'CLOSED'];
    for (const status of steps) expect(await change(status)).toBe(200);
    const ago = `now() - interval '2 days'`;
    await table.query(`UPDATE orders SET created_at = ${ago}, updated_at = ${ago}`);
    const others = await insert(30, 'NEW', 1);
    await everywhere(async (on) => (await listed(on, '')).length === 31);

    const questions: Question[] = [
      ...[`orders/${id}`, `orders/${id}/history`].flatMap((path) => [
        ...[{ path }, { path, as: partner }, { path, as: ['partner', 'partner-2'] as const }],
        { path, as: ['admin', 'anna'] as const },
      ]),
      ...[
        `number=${number}`,
        `number=${number}&status=CLOSED`,
        `number=${number}&status=NEW`,
        `q=%E2%84%96${number}`,
      ].flatMap((query) => [
        { path: `orders/count?${query}` },
        { path: `orders?${query}` },
        { path: `orders?${query}`, as: partner },
      ]),
      ...['-priority', 'createdAt', 'dueAt'].flatMap((sort) => [
        { path: `orders?q=${number}&sort=${sort}&limit=1` },
        { path: `orders?number=${number}&sort=${sort}&q=ring` },
      ]),
      { path: `orders?number=${number}`, as: ['partner', 'partner-2'] },
      creation,
      { ...creation, body: newOrder({ externalId: 'WEB-1', quantity: 2 }) },
      { ...creation, headers: { 'idempotency-key': 'key-2' } },
      { ...creation, headers: {} },
      ...[{ status: 'MANUFACTURING_STARTED' }, { status: 'CLOSED' }, { status: 'CLOSED', comment: 'again' }].flatMap(
        (wanted): Question[] => [
          { path: `orders/${id}/status`, method: 'PATCH', body: wanted },
          { path: `orders/${id}/status`, method: 'PATCH', body: wanted, headers: { 'if-match': '"3"' } },
          { path: 'orders/status', method: 'PATCH', body: { ...wanted, orders: [{ id }] } },
        ],
      ),
      { path: `orders/${id}/status`, method: 'PATCH', as: partner, body: { status: 'CANCELLED' } },
      { path: `orders/${id}/status`, method: 'PATCH', as: ['partner', 'partner-2'], body: { status: 'CANCELLED' } },
      ...[{ priority: 'URGENT' }, { priority: 'NORMAL' }, { assignee: 'ivan' }].map((wanted): Question => ({
        path: `orders/${id}`,
        method: 'PATCH',
        as: ['admin', 'anna'],
        body: wanted,
      })),
    ];
    const answers = async (on: number): Promise<unknown[]> => {
      const all: unknown[] = [];
      for (const question of questions) all.push(await ask(on, question));
      return all;
    };
    const before = await answers(0);
    expect(before.map((answer) => (answer as { status: number }).status)).toEqual(
      expect.arrayContaining([200, 201, 404, 409, 412, 422]),
    );
    await archiveUntil(1, 1);
    expect(await idsIn('archived_orders')).toEqual([id]);
    // From the cache, and loaded anew.
    for (const on of [0, 1]) expect(await answers(on)).toEqual(before);
    await first.call('/api/v1/cache/evictions', {
      ...{ method: 'POST', token: await first.token('admin'), body: { tags: ['epoch'] } },
    });
    for (const on of [0, 1]) expect(await answers(on)).toEqual(before);
    expect(await idsIn('orders')).toEqual(others.sort());
  });

  it('are not moved while they are locked, and not if they change meanwhile', async () => {
    const old = await insert(60, 'CLOSED', 2);
    const shipped = await insert(30, 'SHIPPED', 2);
    const held = old.slice(10, 15);
    await session.query('BEGIN');
    await session.query('SELECT FROM orders WHERE id = ANY($1) FOR UPDATE', [held]);
    const close = async (id: string, on: number): Promise<number> => {
      const api = instances[on as 0 | 1];
      const request = { method: 'PATCH', token: await api.token('operator'), body: { status: 'CLOSED' } };
      return (await api.call(`/api/v1/orders/${id}/status`, request)).status;
    };
    const [statuses] = await Promise.all([
      Promise.all(shipped.map((id, i) => close(id, i % 2))),
      archive(0),
      archive(1),
    ]);
    expect(new Set(statuses)).toEqual(new Set([200]));
    const moved = old.filter((id) => !held.includes(id));
    // Each instance gives way to the other one.
    await archiveUntil(moved.length);
    expect(await idsIn('archived_orders')).toEqual([...moved].sort());
    await session.query(`UPDATE orders SET updated_at = now() WHERE id = ANY($1)`, [held.slice(0, 2)]);
    await session.query('COMMIT');
    await everywhere(async (on) => (await listed(on, 'status=CLOSED')).length === 35);

    await archiveUntil(moved.length + 3);
    for (const on of [0, 1]) await expectTruth(on);
    expect(await idsIn('archived_orders')).toEqual([...moved, ...held.slice(2)].sort());
    expect(await idsIn('orders')).toEqual([...shipped, ...held.slice(0, 2)].sort());
  });

  it('keep their keys, and refuse a change, for requests that wait for the move', async () => {
    const [first] = instances;
    const [id = ''] = await insert(1, 'CLOSED', 2);
    await table.query(`UPDATE orders SET external_id = 'WEB-2', idempotency_key = 'key', idempotency_hash = 'hash'`);
    await session.query('BEGIN');
    await session.query(
      `SELECT archive_orders((SELECT store FROM cache_authority), interval '1 day', 9, interval '0', interval '0')`,
    );
    const creation = { path: 'orders', method: 'POST', as: ['partner', 'sql'] as const };
    const requests: Question[] = [
      { ...creation, body: newOrder({ externalId: 'WEB-2' }) },
      { ...creation, body: newOrder(), headers: { 'idempotency-key': 'key' } },
      { path: `orders/${id}/status`, method: 'PATCH', body: { status: 'NEW' } },
    ];
    const answers = Promise.all(requests.map((request) => ask(0, request)));
    await eventually(
      async () =>
        (
          await table.query(
            `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
          )
        ).length >= requests.length,
    );
    await session.query('COMMIT');
    expect(await answers).toMatchObject([
      { status: 409, body: { code: 'ORDER_EXTERNAL_ID_TAKEN' } },
      { status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } },
      { status: 409, body: { code: 'ORDER_TRANSITION_NOT_ALLOWED', currentStatus: 'CLOSED' } },
    ]);
    expect(await idsIn('orders')).toEqual([]);
    // The move by SQL was announced to Redis, but its tags were not invalidated.
    await first.call('/api/v1/cache/evictions', {
      ...{ method: 'POST', token: await first.token('admin'), body: { tags: ['epoch'] } },
    });
  });

  it('stay while not all instances can be told in Redis', async () => {
    const old = await insert(3, 'CLOSED', 2);
    const alone = await OrdersApi.start({ databaseUrl: database.url, environment: { ARCHIVE_AFTER_DAYS: '1' } });
    await alone.application.get(OrderArchiving, { strict: false }).archive();
    await alone.stop();
    expect(await idsIn('orders')).toEqual(old.sort());
    await archiveUntil(3);
    expect(await idsIn('archived_orders')).toEqual(old.sort());
  });
});

describe('a process that archives', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mes-archive-'));
  });

  afterAll(() => rm(directory, { recursive: true, force: true }));

  function start(environment: Readonly<Record<string, string>>, ...preloads: string[]): ApiProcess {
    return new ApiProcess(
      {
        ...PATIENT,
        ...{ DATA_DIR: directory, DATABASE_URL: database.url, REDIS_URL: redis.url, ARCHIVE_AFTER_DAYS: '1' },
        ...environment,
      },
      { preloads: ['test/support/archive-at-once.ts', ...preloads] },
    );
  }

  it('says what it moved, and goes on where it was killed between commit and invalidation', async () => {
    const old = await insert(22, 'CLOSED', 2);
    const other = await insert(3, 'CLOSED', 0);
    await everywhere(async (on) => (await listed(on, 'status=CLOSED')).length === 25);
    const killed = start({ KILLED_AFTER: 'archive', KILLED_AMID: '1' }, 'test/faults/preloads/killed-at.ts');
    await killed.ended();
    expect(await idsIn('archived_orders')).toHaveLength(5);
    // Whoever loads a list of these orders invalidates what the process left.
    await get(0, 'orders?status=CLOSED&limit=1');
    await everywhere(async (on) => (await listed(on, 'status=CLOSED')).length === 20);
    for (const on of [0, 1]) await expectTruth(on);

    const process = start({});
    await eventually(() => process.output.includes('moved 17 orders to the archive') || !process.isRunning);
    await process.destroy();
    expect(process.output).toContain('moved 17 orders to the archive');
    expect(await idsIn('archived_orders')).toEqual(old.sort());
    expect(await idsIn('orders')).toEqual(other.sort());
    const [histories] = await table.query(
      `SELECT (SELECT count(*)::integer FROM archived_order_status_changes) AS archived,
        (SELECT count(*)::integer FROM order_status_changes) AS left`,
    );
    expect(histories).toEqual({ archived: 22, left: 3 });
    for (const on of [0, 1]) await expectTruth(on);
  });
});
