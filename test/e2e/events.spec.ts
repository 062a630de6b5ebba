import { VersionStore } from '@mes/cache';
import { EventPruning } from '../../apps/mes-api/src/events-stream/event-pruning.js';
import {
  EVENTS_STREAM_DEFAULTS,
  EVENTS_STREAM_OPTIONS,
  type EventsStreamOptions,
} from '../../apps/mes-api/src/events-stream/events-stream.options.js';
import { orderTag, statusTag } from '../../apps/mes-api/src/orders/caching/order-tags.js';
import { Drain } from '../../apps/mes-api/src/shutdown/drain.js';
import { EventStream, openStreams, type EventStreamOptions } from '../support/event-stream.js';
import { eventually } from '../support/eventually.js';
import { expectProblem } from '../support/expect-problem.js';
import { OrdersApi } from '../support/orders-api.js';
import { OrdersTable } from '../support/orders-table.js';
import { RedisServer } from '../support/redis-server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { insertOrders, newOrder } from '../support/test-orders.js';

const EVENTS = '/api/v1/events';
const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as unknown;

const open: { drop(): void }[] = [];
const started: OrdersApi[] = [];
let database: TestDatabase;
let table: OrdersTable;

beforeAll(async () => {
  database = await createTestDatabase();
  table = await OrdersTable.connect(database.url);
});

afterEach(async () => {
  for (const stream of open.splice(0)) stream.drop();
  for (const api of started.splice(0)) await api.stop();
});

afterAll(async () => {
  await table.close();
  await database.drop();
});

async function instance(redisUrl?: string, options: Partial<EventsStreamOptions> = {}): Promise<OrdersApi> {
  // Longer than the test, so that events arrive by notifications and not by polling.
  const streams = { ...EVENTS_STREAM_DEFAULTS, pollInterval: 600_000, ...options };
  const api = await OrdersApi.start({
    databaseUrl: database.url,
    redisUrl,
    override: (module) => module.overrideProvider(EVENTS_STREAM_OPTIONS).useValue(streams),
  });
  started.push(api);
  return api;
}

async function follow(api: OrdersApi, options: EventStreamOptions = {}): Promise<EventStream> {
  const stream = await EventStream.open(api.url, { token: await api.token('viewer'), ...options });
  open.push(stream);
  return stream;
}

async function create(api: OrdersApi, changes: Record<string, unknown> = {}): Promise<string> {
  const token = await api.token('partner');
  const { status, body } = await api.call('/api/v1/orders', { method: 'POST', token, body: newOrder(changes) });
  expect(status).toBe(201);
  return String(body.id);
}

async function change(api: OrdersApi, id: string, status: string): Promise<void> {
  const token = await api.token('operator', 'olga-7');
  const answer = await api.call(`/api/v1/orders/${id}/status`, { method: 'PATCH', token, body: { status } });
  expect(answer.status).toBe(200);
}

function seen(stream: EventStream): string[] {
  return stream.news.map(({ event, data }) => `${event} ${String(data.id)} ${String(data.version)}`);
}

describe.each([
  ['with Redis', () => process.env.TEST_REDIS_URL],
  ['without Redis', () => undefined],
])('live events %s', (_, redisUrl) => {
  it('report changes through all instances, in order, without customer data', async () => {
    const [one, other] = [await instance(redisUrl()), await instance(redisUrl())];
    const [here, there] = [await follow(one), await follow(other)];
    const id = await create(one, { priority: 'HIGH', material: 'Silver 925' });
    await change(one, id, 'MANUFACTURING_STARTED');
    await change(other, id, 'MANUFACTURING_COMPLETED');
    for (const stream of [here, there]) {
      await eventually(() => stream.news.length === 3);
      expect(stream.events[0]).toMatchObject({ event: 'hello', data: { heartbeatInterval: 10_000 } });
      expect(stream.news.map(({ event, data }) => ({ event, data }))).toEqual([
        {
          event: 'order.created',
          data: {
            ...{ id, number: expect.any(Number) as unknown, version: 1, status: 'NEW' },
            ...{ priority: 'HIGH', material: 'Silver 925', at: ISO },
          },
        },
        {
          event: 'order.status-changed',
          data: {
            ...{ id, number: expect.any(Number) as unknown, version: 2 },
            ...{ from: 'NEW', status: 'MANUFACTURING_STARTED', assignee: 'olga-7', by: 'olga-7', at: ISO },
          },
        },
        {
          event: 'order.status-changed',
          data: {
            ...{ id, number: expect.any(Number) as unknown, version: 3, from: 'MANUFACTURING_STARTED' },
            ...{ status: 'MANUFACTURING_COMPLETED', assignee: 'olga-7', by: 'olga-7', at: ISO },
          },
        },
      ]);
    }
    expect(here.news.map(({ data }) => data)).toEqual(there.news.map(({ data }) => data));
  });

  it('resume after a lost connection, at another instance and at a new instance', async () => {
    const [one, other] = [await instance(redisUrl()), await instance(redisUrl())];
    const first = await follow(one);
    const told = await create(one);
    await eventually(() => first.news.length === 1);
    first.drop();
    const missed = [await create(one), await create(other)];
    await change(other, told, 'CANCELLED');

    await started.splice(started.indexOf(one), 1)[0]?.stop();
    for (const api of [other, await instance(redisUrl())]) {
      const second = await follow(api, { lastEventId: first.lastEventId });
      await eventually(() => second.news.length >= 3);
      const next = await create(api);
      missed.push(next);
      const expected = [
        ...missed.slice(0, 2).map((id) => `order.created ${id} 1`),
        `order.status-changed ${told} 2`,
        ...missed.slice(2).map((id) => `order.created ${id} 1`),
      ];
      await eventually(() => second.news.length >= expected.length);
      expect(seen(second)).toEqual(expected);
    }
  });

  it('report changes by SQL, one by one or as a reset', async () => {
    const api = await instance(redisUrl());
    const stream = await follow(api);
    const id = await create(api);
    const steps: [string, unknown[], string[]][] = [
      [insertOrders(2), [], ['order.created', 'order.created']],
      [`UPDATE orders SET status = 'CANCELLED' WHERE id = $1`, [id], ['order.status-changed']],
      [`UPDATE orders SET comment = 'x' WHERE id = $1`, [id], ['reset']],
      [`DELETE FROM orders WHERE id = $1`, [id], ['reset']],
      [insertOrders(1_001), [], ['reset']],
      [`TRUNCATE orders CASCADE`, [], ['reset']],
    ];
    const expected = ['order.created'];
    for (const [sql, parameters, events] of steps) {
      await table.query(sql, parameters);
      expected.push(...events);
      await eventually(() => stream.news.length >= expected.length);
      expect(stream.news.map(({ event }) => event)).toEqual(expected);
    }
    await table.query(`UPDATE orders SET comment = 'x' WHERE false`);
    await table.query('DELETE FROM orders');
    await create(api);
    await eventually(() => stream.news.length > expected.length);
    expect(stream.news.at(-1)?.event).toBe('order.created');
    // The author of a change by SQL is unknown.
    expect(stream.news[3]?.data).not.toHaveProperty('by');
  });
});

describe('a client of the live events', () => {
  let api: OrdersApi;

  async function begin(options: Partial<EventsStreamOptions> = {}): Promise<void> {
    api = await instance(undefined, options);
  }

  it.each<[string, (id: string) => string]>([
    ['that is not an id', () => 'none'],
    ['with invalid characters', () => '%00\u00fc~'],
    ['of another database', (id) => edited(id, (parts) => ['0'.repeat(16), ...parts.slice(1)])],
    ['of a time to come', (id) => edited(id, ([state = '']) => [state, '1:99999999999:'])],
    ['that is no snapshot', (id) => edited(id, ([state = '']) => [state, '9:3:'])],
    ['that is very long', (id) => edited(id, ([state = '']) => [state, `1:9999:${'2,'.repeat(4_000)}3`])],
  ])('that connects with an id %s is reset, and then receives live events', async (_, broken) => {
    await begin();
    const { lastEventId } = await follow(api);
    const stream = await follow(api, { lastEventId: broken(lastEventId) });
    await eventually(() => stream.news.length === 1);
    // The first event has an empty id. So a client that loses its connection before the reset is reset the next time.
    expect(stream.events[0]).toEqual({ event: 'hello', id: '', data: { heartbeatInterval: 10_000 } });
    expect(stream.news).toMatchObject([{ event: 'reset', data: {} }]);
    const id = await create(api);
    await eventually(() => stream.news.length === 2);
    expect(seen(stream)[1]).toBe(`order.created ${id} 1`);
    const again = await follow(api, { lastEventId: stream.news[0]?.id });
    await eventually(() => again.news.length === 1);
    expect(seen(again)).toEqual([`order.created ${id} 1`]);
  });

  it('receives up to 1000 missed events, and is reset after more', async () => {
    await begin();
    const first = await follow(api);
    first.drop();
    for (let i = 0; i < 4; i += 1) await table.query(insertOrders(250));
    const second = await follow(api, { lastEventId: first.lastEventId });
    await eventually(() => second.news.length >= 1_000);
    expect(new Set(second.news.map(({ data }) => data.number)).size).toBe(1_000);
    expect(second.news.every(({ event }) => event === 'order.created')).toBe(true);
    // A client can resume after any of them.
    const third = await follow(api, { lastEventId: second.news[700]?.id });
    await eventually(() => third.news.length >= 299);
    expect(third.news.map(({ data }) => data)).toEqual(second.news.slice(701).map(({ data }) => data));

    await table.query(insertOrders(1));
    const fourth = await follow(api, { lastEventId: first.lastEventId });
    await eventually(() => fourth.news.length >= 1);
    expect(fourth.news.map(({ event }) => event)).toEqual(['reset']);
  });

  describe('and the pruning of the log', () => {
    // The window is long enough for connected clients to move on, even if the machine stands still for some seconds.
    const SHORT = { window: 5_000, pruneInterval: 100, pollInterval: 20, heartbeatInterval: 20 };

    /** Prunes until the log has no events of an order. */
    async function pruned(id: string): Promise<void> {
      await eventually(async () => {
        await api.application.get(EventPruning, { strict: false }).prune();
        return (await table.query('SELECT FROM order_events WHERE order_id = $1', [id])).length === 0;
      });
    }

    it('resets clients that reconnect after the window, but not connected ones or those that reconnect in time', async () => {
      await begin(SHORT);
      const listening = await follow(api);
      const { lastEventId } = await follow(api);
      await pruned(await create(api));

      const late = await follow(api, { lastEventId });
      const inTime = await follow(api, { lastEventId: listening.lastEventId });
      await eventually(() => late.news.length === 1);
      expect(late.news[0]?.event).toBe('reset');
      const id = await create(api);
      await eventually(() => [listening, late].every(({ news }) => news.length === 2) && inTime.news.length === 1);
      for (const stream of [listening, late, inTime]) expect(seen(stream).at(-1)).toBe(`order.created ${id} 1`);
    });

    it('keeps events that are written long before their commit', async () => {
      await begin(SHORT);
      const stream = await follow(api);
      const writer = await OrdersTable.connect(database.url);
      try {
        await writer.query('BEGIN');
        await writer.query(insertOrders(1));
        await pruned(await create(api));
        const { lastEventId } = stream;
        await writer.query('COMMIT');
        await api.application.get(EventPruning, { strict: false }).prune();
        const again = await follow(api, { lastEventId });
        await eventually(() => stream.news.length === 2 && again.news.length === 1);
        expect(again.news[0]).toMatchObject({ event: 'order.created', data: stream.news[1]?.data });
      } finally {
        await writer.close();
      }
    });
  });

  it('receives heartbeats, which advance its position when nothing happens', async () => {
    await begin({ heartbeatInterval: 20, pollInterval: 20 });
    const stream = await follow(api);
    const hello = stream.lastEventId;
    await table.query('CREATE TABLE IF NOT EXISTS elsewhere (id integer)');
    await eventually(() => stream.comments > 1 && stream.lastEventId !== hello);
    expect(stream.news).toEqual([]);
    // After the creation, the position would soon be behind it.
    const { lastEventId } = stream;
    const id = await create(api);
    const again = await follow(api, { lastEventId });
    await eventually(() => again.news.length === 1);
    expect(seen(again)).toEqual([`order.created ${id} 1`]);
  });

  it('receives the correct headers, also for HEAD, which opens no stream', async () => {
    await begin();
    const stream = await follow(api);
    const headers = {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    };
    expect(stream.response.headers).toMatchObject(headers);
    const head = await api.call(EVENTS, { method: 'HEAD', token: await api.token('viewer') });
    expect(head.status).toBe(200);
    expect(Object.fromEntries(head.headers)).toMatchObject(headers);
    expect(await openStreams(api)).toBe(1);
  });

  it('is refused if it is a partner or has no valid token', async () => {
    await begin();
    expectProblem(await api.call(EVENTS, { token: await api.token('partner') }), { status: 403, code: 'ROLE_MISSING' });
    expect((await api.call(EVENTS)).status).toBe(401);
    expect((await api.call(`${EVENTS}?since=1`, { token: await api.token('viewer') })).status).toBe(400);
  });

  it('may have a limited number of streams, and a new one after closing one', async () => {
    await begin({ maxStreamsPerCaller: 2 });
    const token = await api.token('viewer', 'eager');
    const [first] = [await follow(api, { token }), await follow(api, { token })];
    // The test cannot wait for the end of a stream.
    expect((await follow(api, { token })).response.statusCode).toBe(429);
    const refused = await api.call(EVENTS, { token });
    expectProblem(refused, { status: 429, code: 'TOO_MANY_STREAMS' });
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    await follow(api);
    first.drop();
    await eventually(async () => (await EventStream.connect(api.url, { token })).response.statusCode === 200);
  });

  it('is disconnected when its token expires', async () => {
    await begin();
    const short = await follow(api, { token: await api.token('viewer', 'short', '-4s') });
    const long = await follow(api);
    await eventually(() => short.isClosed);
    expect(long.isClosed).toBe(false);
  });

  it('keeps its stream when PostgreSQL ends all connections, and receives the events afterwards', async () => {
    await begin({ pollInterval: 50 });
    const stream = await follow(api);
    await table.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    await table.query(insertOrders(1));
    await eventually(() => stream.news.length === 1);
    expect(stream.isClosed).toBe(false);
  });

  it('is reset once when the database is replaced, even if it reconnects later', async () => {
    await begin({ pollInterval: 50 });
    const stream = await follow(api);
    const { lastEventId } = stream;
    await table.query('VACUUM FULL order_events');
    await eventually(() => stream.news.length === 1);
    const again = await follow(api, { lastEventId });
    const id = await create(api);
    await eventually(() => [stream, again].every(({ news }) => news.length === 2));
    for (const one of [stream, again])
      expect(seen(one)).toEqual([expect.stringMatching(/^reset /), `order.created ${id} 1`]);
    expect(stream.isClosed).toBe(false);
  });

  it('is disconnected at once when the instance stops', async () => {
    await begin();
    const stream = await follow(api);
    api.application.get(Drain, { strict: false }).begin();
    await eventually(() => stream.isClosed);
    const late = await follow(api);
    await eventually(() => late.isClosed);
    expect(late.events.map(({ event }) => event)).toEqual(['hello']);
  });

  it('receives events by polling if notifications are missing', async () => {
    await begin({ pollInterval: 50 });
    const stream = await follow(api);
    await table.query(`BEGIN; SET LOCAL mes.announced = 'on'`);
    await table.query(insertOrders(1));
    await table.query('COMMIT');
    await eventually(() => stream.news.length === 1);
  });
});

describe('a client that has received an event', () => {
  let redis: RedisServer;
  let one: OrdersApi;
  let other: OrdersApi;

  beforeEach(async () => {
    redis = await RedisServer.start();
    [one, other] = [await instance(redis.url), await instance(redis.url)];
  });

  afterEach(async () => {
    for (const stream of open.splice(0)) stream.drop();
    for (const api of started.splice(0)) await api.stop();
    await redis.stop();
  });

  async function list(api: OrdersApi, query: string): Promise<string[]> {
    const token = await api.token('operator');
    const { body } = await api.call<{ items: { id: string }[] }>(`/api/v1/orders?${query}`, { token });
    return body.items.map(({ id }) => id);
  }

  /** A writer begins a pending write, commits, and dies. */
  async function writeAndDie(tags: readonly string[], assignments: string, id: string): Promise<void> {
    await one.application.get(VersionStore, { strict: false }).begin({ id: 'dead writer', tags });
    const writer = await OrdersTable.connect(database.url);
    await writer.query('BEGIN');
    await writer.query(`SELECT set_config('mes.announced', 'on', true)`);
    await writer.query(`UPDATE orders SET ${assignments}, version = 2 WHERE id = $1`, [id]);
    await writer.query('COMMIT');
    await writer.close();
  }

  it.each<[string, string, string, (id: string) => string[]]>([
    [
      'order.status-changed',
      'status=NEW',
      `status = 'CANCELLED'`,
      (id) => [orderTag(id), statusTag('NEW'), statusTag('CANCELLED')],
    ],
    ['order.changed', 'priority=NORMAL', `priority = 'LOW'`, (id) => [orderTag(id), statusTag('NEW')]],
  ])(
    '%s is shown no earlier state by any instance, even if the writer has died',
    async (event, query, change, tags) => {
      const stream = await follow(one, { token: await one.token('operator') });
      const id = await create(one);
      await eventually(() => stream.news.length === 1);
      for (const api of [one, other]) expect(await list(api, query)).toContain(id);

      await writeAndDie(tags(id), change, id);
      expect(await list(other, query)).toContain(id);
      // Only the event may invalidate the old list.
      await table.query(`SELECT pg_notify('mes_events', 'somebody')`);
      await eventually(() => stream.news.length === 2);
      expect(stream.news[1]?.event).toBe(event);
      for (const api of [one, other]) expect(await list(api, query)).not.toContain(id);
    },
  );

  it('of a kind that a later version of the API logs is sent a reset, and shown no earlier state either', async () => {
    await table.query(`ALTER TYPE order_event_type ADD VALUE IF NOT EXISTS 'order.split'`);
    const stream = await follow(one, { token: await one.token('operator') });
    const id = await create(one);
    await eventually(() => stream.news.length === 1);
    for (const api of [one, other]) expect(await list(api, 'priority=NORMAL')).toContain(id);

    await writeAndDie([orderTag(id), statusTag('NEW')], `priority = 'LOW'`, id);
    await table.query(`UPDATE order_events SET type = 'order.split' WHERE order_id = $1 AND version = 2`, [id]);
    expect(await list(other, 'priority=NORMAL')).toContain(id);
    await table.query(`SELECT pg_notify('mes_events', 'somebody')`);
    await eventually(() => stream.news.length === 2);
    expect(stream.news[1]).toMatchObject({ event: 'reset', data: {} });
    for (const api of [one, other]) expect(await list(api, 'priority=NORMAL')).not.toContain(id);
  });

  it('hello is shown everything that was written before', async () => {
    const id = await create(one);
    for (const api of [one, other]) expect(await list(api, 'priority=NORMAL')).toContain(id);
    await writeAndDie([orderTag(id), statusTag('NEW')], `priority = 'LOW'`, id);
    expect(await list(other, 'priority=NORMAL')).toContain(id);
    await follow(one, { token: await one.token('operator') });
    for (const api of [one, other]) expect(await list(api, 'priority=NORMAL')).not.toContain(id);
  });
});

function edited(id: string, edit: (parts: string[]) => string[]): string {
  const parts = Buffer.from(id, 'base64url').toString('latin1').split('~');
  return Buffer.from(edit(parts).join('~'), 'latin1').toString('base64url');
}
