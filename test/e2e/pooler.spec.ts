import pg from 'pg';
import { OrderArchiving } from '../../apps/mes-api/src/orders/order-archiving.js';
import { ApiProcess, PATIENT } from '../support/api-process.js';
import { EventStream } from '../support/event-stream.js';
import { eventually } from '../support/eventually.js';
import { OrdersApi, type ApiAnswer } from '../support/orders-api.js';
import { PgBouncer } from '../support/pgbouncer.js';
import { Scrape } from '../support/scrape.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { insertOrders, newOrder } from '../support/test-orders.js';

const NEW_ORDERS = '/api/v1/orders?status=NEW';

function answered<T extends { readonly status: number }>(answer: T): T | undefined {
  return answer.status === 200 ? answer : undefined;
}

describe('through PgBouncer in transaction mode', () => {
  let database: TestDatabase;
  let pooler: PgBouncer;
  let instances: OrdersApi[];
  let streams: EventStream[];

  beforeEach(async () => {
    database = await createTestDatabase();
    // Fewer connections than the instances have to it.
    pooler = await PgBouncer.start(database.url, { poolSize: 3 });
    instances = [];
    for (let i = 0; i < 2; i += 1) instances.push(await start());
    streams = await Promise.all(
      instances.map(async (api) => EventStream.open(api.url, { token: await api.token('viewer') })),
    );
  });

  afterEach(async () => {
    for (const stream of streams) stream.drop();
    await Promise.all(instances.map((api) => api.stop()));
    await pooler.stop();
    await database.drop();
  });

  function start(): Promise<OrdersApi> {
    const redisUrl = process.env.TEST_REDIS_URL ?? '';
    const environment = { ARCHIVE_AFTER_DAYS: '1' };
    return OrdersApi.start({ databaseUrl: pooler.url, directUrl: database.url, redisUrl, environment });
  }

  async function create(api: OrdersApi | undefined): Promise<string> {
    if (!api) throw new Error('there is no such instance');
    const request = { method: 'POST', token: await api.token('partner'), body: newOrder() };
    const { status, body } = await api.call<{ id: string }>('/api/v1/orders', request);
    expect(status).toBe(201);
    return body.id;
  }

  async function take(api: OrdersApi, id: string): Promise<ApiAnswer<Record<string, unknown>>> {
    const body = { status: 'MANUFACTURING_STARTED' };
    return api.call(`/api/v1/orders/${id}/status`, { method: 'PATCH', token: await api.token('operator'), body });
  }

  async function list(api: OrdersApi): Promise<{ status: number; ids: string[]; isHit: boolean }> {
    const { status, body, headers } = await api.call<{ items?: { id: string }[] }>(NEW_ORDERS, {
      token: await api.token('operator'),
    });
    const isHit = (headers.get('cache-status') ?? '').includes('hit');
    return { status, ids: (body.items ?? []).map(({ id }) => id), isHit };
  }

  it('every instance shows each write at once, and all hear of it', async () => {
    const [first, second] = instances as [OrdersApi, OrdersApi];
    const ids = await Promise.all(Array.from({ length: 20 }, (_, i) => create(instances[i % 2])));
    for (const api of instances) expect((await list(api)).ids.sort()).toEqual([...ids].sort());
    const [id = ''] = ids;
    expect((await take(first, id)).status).toBe(200);
    expect((await take(second, id)).status).toBe(200);
    for (const api of instances) expect((await list(api)).ids).not.toContain(id);
    await eventually(async () => (await Promise.all(instances.map(list))).every(({ isHit }) => isHit));
    for (const stream of streams) {
      await eventually(() => stream.events.filter(({ event }) => event === 'order.created').length === ids.length);
      await eventually(() => stream.events.some(({ event }) => event === 'order.status-changed'));
    }
  });

  it('SQL past the API is noticed', async () => {
    for (const api of instances) await eventually(async () => (await list(api)).isHit);
    const client = new pg.Client(pooler.url);
    await client.connect();
    await client.query(insertOrders(3));
    await client.end();
    await eventually(async () => (await Promise.all(instances.map(list))).every(({ ids }) => ids.length === 3));
  });

  it('old orders move to the archive, leave the lists of all instances at once, and are still answered', async () => {
    const [first, second] = instances as [OrdersApi, OrdersApi];
    const [closed, recent] = [await create(first), await create(first)];
    const client = new pg.Client(database.url);
    await client.connect();
    await client.query(
      `UPDATE orders SET status = 'CANCELLED', created_at = now() - interval '2 days', updated_at = now() - interval '2 days'
       WHERE id = $1`,
      [closed],
    );
    await client.end();
    const cancelled = async (api: OrdersApi): Promise<unknown> => {
      const request = { token: await api.token('operator') };
      const { body } = await api.call<{ items?: { id: string }[] }>('/api/v1/orders?status=CANCELLED', request);
      return body.items?.length;
    };
    for (const api of instances) await eventually(async () => (await cancelled(api)) === 1);
    await first.application.get(OrderArchiving, { strict: false }).archive();
    for (const api of instances) {
      expect([await cancelled(api), (await list(api)).ids]).toEqual([0, [recent]]);
      const found = await api.call(`/api/v1/orders/${closed}`, { token: await api.token('operator') });
      expect([found.status, found.body.status]).toEqual([200, 'CANCELLED']);
    }
    expect((await take(second, closed)).body.code).toBe('ORDER_TRANSITION_NOT_ALLOWED');
  });

  it('health and metrics tell of both ways', async () => {
    const [api] = instances as [OrdersApi];
    await create(api);
    const scrape = await Scrape.of(api);
    expect(scrape.value('mes_database_statement_duration_seconds_count', { kind: 'insert' })).toBeGreaterThan(0);
    expect(scrape.value('mes_database_statement_failures_total', { kind: 'insert' })).toBe(0);
    expect(scrape.value('mes_database_pool_connections')).toBeGreaterThan(0);
    expect((await api.call('/health/ready')).status).toBe(200);
  });

  it('a pooler that dies costs requests of its time, and no longer', async () => {
    const [api] = instances as [OrdersApi];
    await create(api);
    await pooler.kill();
    const request = { method: 'POST', token: await api.token('partner'), body: newOrder() };
    const away = await api.call('/api/v1/orders', request);
    expect([away.status, away.body.code]).toEqual([503, 'DATABASE_UNAVAILABLE']);
    const health = await api.call('/health/ready');
    const message = expect.stringMatching(/^requests get no connection: .* DATABASE_URL/) as string;
    expect(health).toMatchObject({ status: 200, body: { details: { database: { status: 'degraded', message } } } });
    // Hits need no pooler.
    expect((await list(api)).status).toBe(200);
    await pooler.launch();
    await eventually(async () => (await api.call('/api/v1/orders', request)).status === 201);
    const { ids } = await list(api);
    for (const other of instances) expect((await list(other)).ids).toEqual(ids);
  });

  it('server connections that are killed cost the requests under way, and no others', async () => {
    const [api, other] = instances as [OrdersApi, OrdersApi];
    const sql = new pg.Client(database.url);
    await sql.connect();
    const created: string[] = [];
    for (let i = 0; i < 10; i += 1) {
      await sql.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'mes-orders-api'`,
      );
      const request = { method: 'POST', token: await api.token('partner'), body: newOrder() };
      const { status, body } = await api.call<{ id: string }>('/api/v1/orders', request);
      expect([201, 503]).toContain(status);
      if (status === 201) created.push(body.id);
      // A list may need a connection that was killed as well.
      const { ids } = await eventually(async () => answered(await list(other)));
      expect(ids).toEqual(expect.arrayContaining(created));
    }
    await sql.end();
    await eventually(async () => (await api.call('/health/ready')).status === 200);
    await eventually(async () => answered(await list(api)));
    for (const one of instances) {
      const { ids } = await eventually(async () => answered(await list(one)));
      expect(ids).toEqual(expect.arrayContaining(created));
    }
  });
});

describe('a start with a pooler in transaction mode', () => {
  let database: TestDatabase;
  let pooler: PgBouncer;

  beforeAll(async () => {
    database = await createTestDatabase();
    pooler = await PgBouncer.start(database.url);
  });

  afterAll(async () => {
    await pooler.stop();
    await database.drop();
  });

  function start(environment: Readonly<Record<string, string>>): ApiProcess {
    return new ApiProcess({ ...PATIENT, DATABASE_WAIT_SECONDS: '0', ...environment });
  }

  it('works, and another one after it', async () => {
    for (let i = 0; i < 2; i += 1) {
      const api = start({ DATABASE_URL: pooler.url, DATABASE_DIRECT_URL: database.url });
      await api.ready();
      api.signal('SIGTERM');
      expect(await api.ended()).toBe(0);
    }
  });

  it('is refused in one sentence without the way past it', async () => {
    const api = start({ DATABASE_URL: pooler.url });
    expect(await api.ended()).toBe(1);
    expect(api.output).toMatch(/: name PostgreSQL itself in DATABASE_DIRECT_URL, or set pool_mode=session$/m);
  });
});
