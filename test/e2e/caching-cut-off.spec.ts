import { VersionStore } from '@mes/cache';
import pg from 'pg';
import { orderTag, statusTag } from '../../apps/mes-api/src/orders/caching/order-tags.js';
import { eventually } from '../support/eventually.js';
import { OrdersApi, type ApiAnswer } from '../support/orders-api.js';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { insertOrders, newOrder } from '../support/test-orders.js';

interface Listed {
  readonly items: readonly { readonly id: string }[];
}

const NEW_ORDERS = '/api/v1/orders?status=NEW';

describe('an instance that is cut off from Redis while another is not', () => {
  let database: TestDatabase;
  let redis: RedisServer;
  let way: TcpProxy;
  let connected: OrdersApi;
  let cutOff: OrdersApi;
  let sql: pg.Client;

  beforeAll(async () => {
    [database, redis] = await Promise.all([createTestDatabase(), RedisServer.start()]);
    way = await TcpProxy.open(redis.url);
    connected = await OrdersApi.start({ databaseUrl: database.url, redisUrl: redis.url });
    cutOff = await OrdersApi.start({ databaseUrl: database.url, redisUrl: way.url });
    sql = new pg.Client(database.url);
    await sql.connect();
  });

  afterAll(async () => {
    await sql.end();
    await Promise.all([connected.stop(), cutOff.stop()]);
    await way.close();
    await redis.stop();
    await database.drop();
  });

  beforeEach(async () => {
    way.mend();
    await eventually(async () => isHit(await list(cutOff)));
  });

  async function list(api: OrdersApi): Promise<ApiAnswer<Listed>> {
    return api.call<Listed>(NEW_ORDERS, { token: await api.token('operator') });
  }

  async function listedBy(api: OrdersApi): Promise<string[]> {
    return (await list(api)).body.items.map(({ id }) => id);
  }

  async function create(api: OrdersApi): Promise<string> {
    const token = await api.token('partner');
    const { body } = await api.call<{ id: string }>('/api/v1/orders', { method: 'POST', token, body: newOrder() });
    return body.id;
  }

  async function take(api: OrdersApi, id: string): Promise<void> {
    const body = { status: 'MANUFACTURING_STARTED' };
    const token = await api.token('operator');
    expect((await api.call(`/api/v1/orders/${id}/status`, { method: 'PATCH', token, body })).status).toBe(200);
  }

  function cacheOf({ headers }: ApiAnswer<Listed>): string | null {
    return headers.get('cache-status');
  }

  function isHit(answer: ApiAnswer<Listed>): boolean {
    return /^mes-(near|redis); hit$/.test(cacheOf(answer) ?? '');
  }

  it('makes the other instance invalidate tags before it acknowledges a write', async () => {
    for (let round = 0; round < 10; round += 1) {
      await eventually(async () => isHit(await list(connected)));
      way.cut();
      const id = await create(cutOff);
      expect(await listedBy(connected)).toContain(id);
      await take(cutOff, id);
      expect(await listedBy(connected)).not.toContain(id);
      way.mend();
    }
  });

  it('makes the other instance invalidate the tags of earlier pending writes', async () => {
    const id = await create(connected);
    await take(connected, id);
    await eventually(async () => isHit(await list(connected)));
    // A status change has committed, but its pending write is not complete.
    const versionStore = connected.application.get(VersionStore, { strict: false });
    const write = { id: `pending ${id}`, tags: [orderTag(id), statusTag('NEW')] };
    await versionStore.begin(write);
    const before = await versionStore.ensureVersions(write.tags);
    way.cut();
    const token = await cutOff.token('operator');
    const body = { status: 'MANUFACTURING_COMPLETED' };
    expect((await cutOff.call(`/api/v1/orders/${id}/status`, { method: 'PATCH', token, body })).status).toBe(200);
    const after = await versionStore.ensureVersions(write.tags);
    for (const tag of write.tags) expect(after.get(tag)).not.toBe(before.get(tag));
    await versionStore.complete([write.id], []);
  });

  it('bypasses the cache, and shows the writes of the other instance', async () => {
    way.cut();
    const id = await create(connected);
    const seen = await list(cutOff);
    expect(cacheOf(seen)).toMatch(/^mes; fwd=bypass; detail=redis-/);
    expect(seen.body.items.map((order) => order.id)).toContain(id);
  });

  it('does not use stale responses that were stored while it was cut off', async () => {
    way.cut();
    await list(connected);
    const id = await create(cutOff);
    way.mend();
    await eventually(async () => {
      const seen = await list(cutOff);
      expect(seen.body.items.map((order) => order.id)).toContain(id);
      return isHit(seen);
    });
  });

  it('sends no notification through PostgreSQL for writes with a pending write in Redis', async () => {
    const heard: string[] = [];
    sql.on('notification', ({ payload }) => heard.push(payload ?? ''));
    await sql.query('LISTEN mes_evictions');
    const id = await create(connected);
    await take(connected, id);
    await sql.query(`SELECT pg_notify('mes_evictions', '{"tags":["mark"]}')`);
    await eventually(() => heard.some((payload) => payload.includes('mark')));
    await sql.query('UNLISTEN mes_evictions');
    expect(heard).toEqual(['{"tags":["mark"]}']);
  });

  it('shows changes by SQL', async () => {
    const id = await create(connected);
    expect(await listedBy(connected)).toContain(id);
    await sql.query(`UPDATE orders SET status = 'CANCELLED', version = version + 1 WHERE id = $1`, [id]);
    await eventually(async () => !(await listedBy(connected)).includes(id));
    await eventually(async () => !(await listedBy(cutOff)).includes(id));
  });

  it('shows the creation of many orders by SQL, and the removal of all', async () => {
    await sql.query(insertOrders(150));
    await eventually(async () => (await listedBy(connected)).length === 50);
    await sql.query('TRUNCATE orders CASCADE');
    await eventually(async () => (await listedBy(connected)).length === 0);
    const token = await connected.token('operator');
    const { body } = await connected.call<{ counts: { NEW: number } }>('/api/v1/dashboard/statuses', { token });
    expect(body.counts.NEW).toBe(0);
  });

  it('works after malformed notifications', async () => {
    for (const channel of ['mes_evictions', 'mes_echoes']) await sql.query('SELECT pg_notify($1, $2)', [channel, '{']);
    way.cut();
    const id = await eventually(async () => {
      const created = await create(cutOff);
      return (await listedBy(connected)).includes(created) && created;
    });
    expect(await listedBy(cutOff)).toContain(id);
    way.mend();
    await eventually(async () => isHit(await list(connected)));
  });
});
