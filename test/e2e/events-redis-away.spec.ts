import {
  EVENTS_STREAM_DEFAULTS,
  EVENTS_STREAM_OPTIONS,
} from '../../apps/mes-api/src/events-stream/events-stream.options.js';
import { EventStream } from '../support/event-stream.js';
import { eventually } from '../support/eventually.js';
import { OrdersApi } from '../support/orders-api.js';
import { RedisServer } from '../support/redis-server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { newOrder } from '../support/test-orders.js';

const NEW_ORDERS = '/api/v1/orders?status=NEW';

describe('the live events, while Redis is killed and restarted', () => {
  let database: TestDatabase;
  let redis: RedisServer;
  let apis: OrdersApi[];
  let streams: EventStream[];

  beforeEach(async () => {
    [database, redis] = await Promise.all([createTestDatabase(), RedisServer.start()]);
    // Longer than the test, so that events arrive by notifications and not by polling.
    const options = { ...EVENTS_STREAM_DEFAULTS, pollInterval: 600_000 };
    const start = (): Promise<OrdersApi> =>
      OrdersApi.start({
        databaseUrl: database.url,
        redisUrl: redis.url,
        override: (module) => module.overrideProvider(EVENTS_STREAM_OPTIONS).useValue(options),
      });
    apis = [await start(), await start()];
    streams = [];
    for (const api of apis) streams.push(await EventStream.open(api.url, { token: await api.token('viewer') }));
  });

  afterEach(async () => {
    for (const stream of streams) stream.drop();
    for (const api of apis) await api.stop();
    await redis.stop();
    await database.drop();
  });

  function pick<T>(list: readonly T[], index: number): T {
    const found = list[index % list.length];
    if (found === undefined) throw new Error(`there is no element ${index}`);
    return found;
  }

  async function list(api: OrdersApi): Promise<{ ids: string[]; isHit: boolean }> {
    const token = await api.token('operator');
    const { status, headers, body } = await api.call<{ items: { id: string }[] }>(NEW_ORDERS, { token });
    expect(status).toBe(200);
    const isHit = /^mes-(near|redis); hit$/.test(headers.get('cache-status') ?? '');
    return { ids: body.items.map(({ id }) => id), isHit };
  }

  async function create(api: OrdersApi): Promise<string> {
    const token = await api.token('partner');
    const { status, body } = await api.call('/api/v1/orders', { method: 'POST', token, body: newOrder() });
    expect(status).toBe(201);
    return String(body.id);
  }

  function told(stream: EventStream): string[] {
    return stream.news.map(({ event, data }) => (event === 'order.created' ? String(data.id) : event));
  }

  /** After each event, lists the orders at another instance. The returned function gives the orders that were not shown. */
  function askElsewhere(stream: EventStream, other: OrdersApi): () => Promise<string[]> {
    const asked: Promise<string[]>[] = [];
    stream.onEvent = ({ data }) => {
      const id = String(data.id);
      asked.push(list(other).then(({ ids }) => (ids.includes(id) ? [] : [id])));
    };
    return async () => (await Promise.all(asked)).flat();
  }

  it('arrive exactly once and without a poll, and no instance shows an earlier state afterwards', async () => {
    const created: string[] = [];
    const missing = streams.map((stream, i) => askElsewhere(stream, pick(apis, i + 1)));
    const write = async (round: number): Promise<void> => {
      const id = await create(pick(apis, round));
      created.push(id);
      await eventually(() => streams.every((stream) => told(stream).includes(id)));
    };
    for (let round = 0; round < 6; round += 1) {
      // The cached responses could become stale later.
      for (const api of apis) await eventually(async () => (await list(api)).isHit);
      // Writes happen before, during and after the end of Redis, and before, during and after its return.
      await write(round);
      await Promise.all([write(round), redis.kill(), write(round + 1)]);
      await write(round);
      await Promise.all([write(round + 1), redis.restart(), write(round)]);
      await write(round + 1);
    }
    for (const notShown of missing) expect(await notShown()).toEqual([]);
    for (const stream of streams) {
      expect(stream.isClosed).toBe(false);
      expect(told(stream).sort()).toEqual([...created].sort());
    }
  });
});
