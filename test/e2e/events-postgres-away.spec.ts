import { EventFeed } from '../../apps/mes-api/src/events-stream/event-feed.js';
import {
  EVENTS_STREAM_DEFAULTS,
  EVENTS_STREAM_OPTIONS,
} from '../../apps/mes-api/src/events-stream/events-stream.options.js';
import { EventStream, openStreams } from '../support/event-stream.js';
import { eventually } from '../support/eventually.js';
import { expectProblem } from '../support/expect-problem.js';
import { OrdersApi } from '../support/orders-api.js';
import { OrdersTable } from '../support/orders-table.js';
import { startPostgres, type PostgresServer } from '../support/postgres-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { insertOrders, newOrder } from '../support/test-orders.js';

const EVENTS = '/api/v1/events';

/** Longer than a test, so that events arrive by notifications or after a reconnection. */
const NEVER = 600_000;
/** So often that polls fail while the database is away. */
const OFTEN = 20;
const SELDOM = 250;

function start(databaseUrl: string, pollInterval: number): Promise<OrdersApi> {
  const options = { ...EVENTS_STREAM_DEFAULTS, pollInterval, maxStreamsPerCaller: 2 };
  return OrdersApi.start({
    databaseUrl,
    override: (module) => module.overrideProvider(EVENTS_STREAM_OPTIONS).useValue(options),
  });
}

function told(stream: EventStream): string[] {
  return stream.news.map(({ event, data }) => (event === 'order.created' ? String(data.id) : event));
}

describe.each([
  ['hardly ever', NEVER],
  ['often', OFTEN],
])('the live events, while an instance that polls %s does not reach PostgreSQL', (_, pollInterval) => {
  let database: TestDatabase;
  let way: TcpProxy;
  let table: OrdersTable;
  let api: OrdersApi;
  let streams: EventStream[];

  beforeEach(async () => {
    database = await createTestDatabase();
    way = await TcpProxy.open(database.url);
    api = await start(way.url, pollInterval);
    table = await OrdersTable.connect(database.url);
    streams = [];
  });

  afterEach(async () => {
    way.mend();
    for (const stream of streams) stream.drop();
    await api.stop();
    await table.close();
    await way.close();
    await database.drop();
  });

  async function follow(subject?: string): Promise<EventStream> {
    const stream = await EventStream.open(api.url, { token: await api.token('viewer', subject) });
    streams.push(stream);
    return stream;
  }

  async function insert(count: number): Promise<string[]> {
    return (await table.query<{ id: string }>(insertOrders(count))).map(({ id }) => id);
  }

  /** Checks that one stream is open, and that the caller may open one more but not two. */
  async function expectOneMore(subject: string): Promise<void> {
    expect(await openStreams(api)).toBe(1);
    expect((await follow(subject)).response.statusCode).toBe(200);
    expect((await follow(subject)).response.statusCode).toBe(429);
  }

  /** Checks that the feed has no listeners after all clients have left. */
  async function expectNoListener(): Promise<void> {
    for (const stream of streams) stream.drop();
    await eventually(() => Reflect.get(api.application.get(EventFeed, { strict: false }), 'listeners') === 0);
  }

  it('keep their streams open, send all missed events afterwards, and refuse new clients meanwhile', async () => {
    const stream = await follow('eager');
    // A stream that begins to follow the events may still read from the database.
    const heard = await insert(1);
    await eventually(() => stream.news.length >= heard.length);
    way.cut();
    const token = await api.token('viewer', 'eager');
    const missed = [...heard];
    for (let i = 0; i < 4; i += 1) {
      missed.push(...(await insert(2)));
      const refused = await api.call(EVENTS, { token });
      expectProblem(refused, { status: 503, code: 'DATABASE_UNAVAILABLE' });
      expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    }
    expect(await openStreams(api)).toBe(1);
    expect(stream.isClosed).toBe(false);
    expect(told(stream)).toEqual(heard);

    way.mend();
    await eventually(() => stream.news.length >= missed.length);
    missed.push(...(await insert(1)));
    await eventually(() => stream.news.length >= missed.length);
    expect(told(stream)).toEqual(missed);
    await expectOneMore('eager');
    await expectNoListener();
  });

  it('keep no stream for clients that leave before the database responds', async () => {
    const stream = await follow('eager');
    way.block();
    const missed = await insert(2);
    const waiting = [0, 1, 2].map(async () => {
      const arrived = new Promise((resolve) => api.application.getHttpServer().once('request', resolve));
      const gone = new AbortController();
      const answer = fetch(`${api.url}${EVENTS}`, {
        headers: { authorization: `Bearer ${await api.token('viewer', 'eager')}` },
        signal: gone.signal,
      });
      await arrived;
      gone.abort();
      await expect(answer).rejects.toThrow('abort');
    });
    await Promise.all(waiting);
    way.mend();
    await eventually(() => stream.news.length >= missed.length);
    expect(told(stream)).toEqual(missed);
    await eventually(async () => (await openStreams(api)) === 1);
    await expectOneMore('eager');
    await expectNoListener();
  });
});

describe('the live events, when PostgreSQL crashes', () => {
  let postgres: PostgresServer;
  let table: OrdersTable;
  let apis: OrdersApi[];
  let streams: EventStream[];
  const resetsSeen = new Map<EventStream, number>();

  beforeAll(async () => {
    // Commits must survive the crash.
    postgres = await startPostgres({ settings: { synchronous_commit: 'on' } });
    const databaseUrl = await postgres.createDatabase();
    // No notifications arrive during the recovery. An immediate poll would notice that transaction numbers have gone back.
    apis = [await start(databaseUrl, SELDOM), await start(databaseUrl, SELDOM)];
    table = await OrdersTable.connect(databaseUrl);
    streams = [];
    for (const api of apis) streams.push(await EventStream.open(api.url, { token: await api.token('viewer') }));
  });

  afterAll(async () => {
    for (const stream of streams) stream.drop();
    for (const api of apis) await api.stop();
    await table.close();
    await postgres.stop();
  });

  async function create(api: OrdersApi): Promise<boolean> {
    const token = await api.token('partner');
    const { status } = await api.call('/api/v1/orders', { method: 'POST', token, body: newOrder() });
    // After 503, the outcome of the creation is unknown. The table shows it.
    if (status !== 201) expect(status).toBe(503);
    return status === 201;
  }

  async function stored(): Promise<string[]> {
    return (await table.query<{ id: string }>('SELECT id FROM orders')).map(({ id }) => id);
  }

  /** The orders known to a client that fetches all orders again after a reset. */
  async function known(stream: EventStream, before: Set<string>): Promise<Set<string>> {
    const all = told(stream);
    const resets = all.filter((one) => one === 'reset').length;
    const fetched = resets > (resetsSeen.get(stream) ?? 0) ? await stored() : [];
    resetsSeen.set(stream, resets);
    return new Set([...before, ...all.filter((one) => one !== 'reset'), ...fetched]);
  }

  it('continue: each event is sent once, or the client is reset', async () => {
    const knowledge = streams.map(() => new Set<string>());
    for (let round = 0; round < 8; round += 1) {
      const [victim] = await table.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const during = Promise.all(apis.map((api) => create(api)));
      process.kill(victim?.pid ?? NaN, 'SIGKILL');
      await during;
      // The first transactions after a crash may have numbers of lost transactions.
      for (const api of apis) await eventually(() => create(api));
      const ids = await stored();
      for (const [i, stream] of streams.entries()) {
        await eventually(async () => {
          knowledge[i] = await known(stream, knowledge[i] ?? new Set());
          return ids.every((id) => knowledge[i]?.has(id));
        });
      }
    }
    for (const stream of streams) {
      const created = told(stream).filter((one) => one !== 'reset');
      expect(new Set(created).size).toBe(created.length);
      expect(stream.isClosed).toBe(false);
    }
  });
});
