import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { ServerClock } from '@mes/database';
import { DataSource } from 'typeorm';
import { OrderEntity } from '../../apps/mes-api/src/orders/repository/order.entity.js';
import {
  PERSISTENT_ORDERS,
  type OrderPage,
  type OrderPageRequest,
} from '../../apps/mes-api/src/orders/repository/orders.repository.js';
import { TypeOrmOrdersRepository } from '../../apps/mes-api/src/orders/repository/typeorm-orders.repository.js';
import { FAIR_SHARES_DEFAULTS } from '../../apps/mes-api/src/rate-limits/fair-shares.js';
import { eventually } from '../support/eventually.js';
import { expectProblem } from '../support/expect-problem.js';
import { OrdersApi } from '../support/orders-api.js';
import { RedisServer } from '../support/redis-server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { newOrder } from '../support/test-orders.js';

const CONNECTIONS = 300;
const CREATES = 400;
const NEW_ORDERS = '/api/v1/orders?status=NEW';

interface Created {
  readonly id: string;
}

/** A repository whose lists for partners take half a second while `isSlow` is set. */
class SlowForPartners extends TypeOrmOrdersRepository {
  isSlow = false;
  underWay = 0;

  constructor(
    private readonly dataSource: DataSource,
    clock: ServerClock,
  ) {
    super(dataSource.getRepository(OrderEntity), clock);
  }

  override async list(wanted: OrderPageRequest): Promise<OrderPage> {
    if (!this.isSlow || wanted.visibility.scope === 'all') return super.list(wanted);
    this.underWay += 1;
    try {
      await this.dataSource.query('SELECT pg_sleep(0.5)');
      return await super.list(wanted);
    } finally {
      this.underWay -= 1;
    }
  }
}

describe('one caller', () => {
  let database: TestDatabase;
  let redis: RedisServer;
  let api: OrdersApi;
  let orders: SlowForPartners;
  let partner: string;
  let operator: string;

  beforeAll(async () => {
    [database, redis] = await Promise.all([createTestDatabase(), RedisServer.start()]);
    api = await OrdersApi.start({
      databaseUrl: database.url,
      redisUrl: redis.url,
      override: (builder) =>
        builder.overrideProvider(PERSISTENT_ORDERS).useFactory({
          inject: [DataSource, ServerClock],
          factory: (dataSource: DataSource, clock: ServerClock) => new SlowForPartners(dataSource, clock),
        }),
    });
    orders = api.application.get(PERSISTENT_ORDERS);
    partner = await api.token('partner');
    operator = await api.token('operator');
  });

  afterAll(async () => {
    await api.stop();
    await redis.stop();
    await database.drop();
  });

  /** Requests distinct lists over many connections, one after another on each connection. */
  function flood(agent: Agent): { readonly statuses: number[]; readonly stop: () => Promise<void> } {
    const statuses: number[] = [];
    let isOver = false;
    let n = 0;
    const poll = async (): Promise<void> => {
      while (!isOver) {
        n += 1;
        const path = `/api/v1/orders?createdFrom=${new Date(n).toISOString()}`;
        const request = httpRequest(`${api.url}${path}`, { agent, headers: { authorization: `Bearer ${partner}` } });
        request.end();
        const [answer] = (await once(request, 'response')) as [IncomingMessage];
        await text(answer);
        statuses.push(answer.statusCode ?? 0);
      }
    };
    const polls = Promise.allSettled(Array.from({ length: CONNECTIONS }, poll));
    return {
      statuses,
      stop: async () => {
        isOver = true;
        agent.destroy();
        await polls;
      },
    };
  }

  it('is served after any number of requests that were given up before their turn', async () => {
    const hasty = await api.token('operator', 'hasty');
    const server = api.application.getHttpServer();
    const connections = promisify(server.getConnections.bind(server));
    const others = await connections();
    // The requests wait for the versions in Redis, and their clients go away meanwhile.
    redis.pause();
    const requests = Array.from({ length: 3 * FAIR_SHARES_DEFAULTS.atOnce }, (_, n) => {
      const request = httpRequest(`${api.url}/api/v1/orders?limit=${n + 1}`, {
        headers: { authorization: `Bearer ${hasty}` },
      });
      request.on('error', () => undefined);
      request.end();
      return request;
    });
    await eventually(async () => (await connections()) === others + requests.length);
    for (const request of requests) request.destroy();
    await eventually(async () => (await connections()) === others);
    redis.resume();
    expect((await api.call('/api/v1/orders?limit=7', { token: hasty })).status).toBe(200);
  });

  it.each(['/api/v1/orders', '/api/v1/events'])(
    'is served after a connection broke on which many requests for %s waited for the first one',
    async (path) => {
      const hasty = await api.token('operator', 'hasty-pipeliner');
      const request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${hasty}\r\n\r\n`;
      const count = 3 * FAIR_SHARES_DEFAULTS.atOnce;
      const server = api.application.getHttpServer();
      let arrived = 0;
      const note = (): number => (arrived += 1);
      server.on('request', note);
      // The requests wait for Redis, and their client goes away meanwhile.
      redis.pause();
      const { hostname, port } = new URL(api.url);
      const connection = connect(Number(port), hostname, () => connection.write(request.repeat(count)));
      await eventually(() => arrived === count);
      const connections = promisify(server.getConnections.bind(server));
      const open = await connections();
      connection.destroy();
      await eventually(async () => (await connections()) < open);
      redis.resume();
      server.off('request', note);

      const answers = await Promise.all(
        Array.from({ length: FAIR_SHARES_DEFAULTS.atOnce }, async () => {
          const client = new AbortController();
          const headers = { authorization: `Bearer ${hasty}` };
          const { status } = await fetch(`${api.url}${path}`, { headers, signal: client.signal });
          client.abort();
          return status;
        }),
      );
      expect(new Set(answers)).toEqual(new Set([200]));
    },
  );

  it('loses a connection on which more requests wait than a client sends ahead', async () => {
    const hasty = await api.token('viewer', 'endless-pipeliner');
    const events = `GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${hasty}\r\n\r\n`;
    const server = api.application.getHttpServer();
    let arrived = 0;
    const note = (): number => (arrived += 1);
    server.on('request', note);
    const { hostname, port } = new URL(api.url);
    const connection = connect(Number(port), hostname, () => connection.write(events));
    const ended = once(connection, 'close');
    connection.on('error', () => undefined);
    await once(connection, 'data');
    const ahead = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';
    // Small pieces, so that the end can be seen between them.
    while (!connection.destroyed && arrived < 10_000) {
      connection.write(ahead.repeat(10));
      await new Promise(setImmediate);
    }
    server.off('request', note);
    connection.destroy();
    await ended;
    expect(arrived).toBeLessThan(1_000);
  });

  it('with hundreds of connections and slow, distinct lists does not hold up operators', async () => {
    const order = await api.call<Created>('/api/v1/orders', { method: 'POST', token: partner, body: newOrder() });
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    orders.isSlow = true;
    const { statuses, stop } = flood(agent);
    try {
      await eventually(() => orders.underWay >= 4 && Object.values(agent.sockets).flat().length === CONNECTIONS);
      for (let n = 0; n < 10; n += 1) {
        expect((await api.call(NEW_ORDERS, { token: operator })).status).toBe(200);
        const cold = await api.call(`/api/v1/orders?dueBefore=${new Date(n).toISOString()}`, { token: operator });
        expect(cold.status).toBe(200);
        expect(cold.headers.get('cache-status')).toBe('mes; fwd=miss; stored');
        // One caller may have half of the loads.
        expect(orders.underWay).toBeLessThanOrEqual(4);
      }
      const taken = await api.call<Created>(`/api/v1/orders/${order.body.id}/status`, {
        method: 'PATCH',
        token: operator,
        body: { status: 'MANUFACTURING_STARTED' },
      });
      expect(taken.status).toBe(200);
      expect((await api.call(NEW_ORDERS, { token: operator })).status).toBe(200);
      await eventually(() => statuses.length >= 10);
      expect(new Set(statuses)).toEqual(new Set([200]));
    } finally {
      await stop();
      orders.isSlow = false;
    }
    // Requests whose clients are gone no longer wait.
    expect((await api.call(`${NEW_ORDERS}&limit=7`, { token: partner })).status).toBe(200);
  });

  it(`may create ${CREATES} orders at once`, async () => {
    const creates = Array.from({ length: CREATES }, () =>
      api.call<Created>('/api/v1/orders', { method: 'POST', token: partner, body: newOrder() }),
    );
    const answers = await Promise.all(creates);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(CREATES);
  });

  it('is refused with Retry-After beyond a number of waiting requests, while others are served', async () => {
    orders.isSlow = true;
    try {
      const answers = Array.from({ length: 1_100 }, (_, n) =>
        api.call(`/api/v1/orders?createdTo=${new Date(n).toISOString()}`, { token: partner }),
      );
      const refused = await Promise.race(
        answers.map(async (answer) => {
          const { status } = await answer;
          return status === 429 ? answer : new Promise<never>(() => undefined);
        }),
      );
      expectProblem(refused, { status: 429, code: 'TOO_MANY_AT_ONCE' });
      expect(refused.headers.get('retry-after')).toBe('1');
      expect((await api.call(`${NEW_ORDERS}&limit=9`, { token: operator })).status).toBe(200);
      orders.isSlow = false;
      const statuses = (await Promise.all(answers)).map(({ status }) => status);
      expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(100);
      expect(statuses.filter((status) => status !== 200 && status !== 429)).toEqual([]);
    } finally {
      orders.isSlow = false;
    }
  });

  it('may have live events and requests at the same time', async () => {
    const streams = new AbortController();
    const open = Array.from({ length: 18 }, () =>
      fetch(`${api.url}/api/v1/events`, { signal: streams.signal, headers: { authorization: `Bearer ${operator}` } }),
    );
    expect((await Promise.all(open)).map(({ status }) => status)).toEqual(Array(18).fill(200));
    expect((await api.call(`${NEW_ORDERS}&limit=11`, { token: operator })).status).toBe(200);
    streams.abort();
  });
});
