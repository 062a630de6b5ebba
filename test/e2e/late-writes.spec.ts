import { randomUUID } from 'node:crypto';
import { CACHE_OPTIONS, VersionStore, type CacheOptions } from '@mes/cache';
import {
  PERSISTENT_ORDERS,
  type NewOrder,
  type OrdersRepository,
  type StatusChange,
} from '../../apps/mes-api/src/orders/repository/orders.repository.js';
import { noPendingWrites } from '../consistency/system/pending-writes.js';
import { eventually } from '../support/eventually.js';
import { OrdersApi, type ApiAnswer } from '../support/orders-api.js';
import { startPostgres, type PostgresServer } from '../support/postgres-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { newOrder } from '../support/test-orders.js';
import { withSession } from '../support/with-session.js';

interface Order {
  readonly id: string;
  readonly status: string;
}

const redisUrl = process.env.TEST_REDIS_URL ?? '';

describe('a write that takes effect after its pending write has expired', () => {
  let postgres: PostgresServer;
  let databaseUrl: string;
  let way: TcpProxy;
  let writing: OrdersApi;
  let reading: OrdersApi;

  beforeEach(async () => {
    // Commits wait for a standby only with this setting.
    postgres = await startPostgres({ settings: { synchronous_commit: 'on' } });
    databaseUrl = await postgres.createDatabase();
    way = await TcpProxy.open(databaseUrl);
    writing = await OrdersApi.start({ databaseUrl: way.url, redisUrl });
    reading = await OrdersApi.start({ databaseUrl, redisUrl });
  });

  afterEach(async () => {
    way.mend();
    await writing.stop();
    await reading.stop();
    await way.close();
    await postgres.stop();
  });

  async function send(method: string, path: string, body: unknown): Promise<ApiAnswer<Order>> {
    const token = await writing.token(['admin', 'operator', 'partner']);
    return writing.call<Order>(`/api/v1/orders${path}`, { method, token, body });
  }

  /** The orders in the list of the instance that only reads. */
  async function list(): Promise<{ readonly isHit: boolean; readonly orders: readonly string[] }> {
    const token = await reading.token('viewer');
    const path = '/api/v1/orders?status=NEW&status=MANUFACTURING_STARTED';
    const { headers, body } = await reading.call<{ items: Order[] }>(path, { token });
    const orders = body.items.map(({ id, status }) => `${id} ${status}`).sort();
    return { isHit: headers.get('cache-status')?.includes('hit') === true, orders };
  }

  /** Waits until the pending writes have expired and the list is stored again. */
  async function expired(): Promise<readonly string[]> {
    const { namespace } = reading.application.get<CacheOptions>(CACHE_OPTIONS);
    await eventually(noPendingWrites(redisUrl, namespace));
    return eventually(async () => {
      const { isHit, orders } = await list();
      return isHit && orders;
    });
  }

  async function inDatabase(): Promise<readonly string[]> {
    return withSession(databaseUrl, async (session) => {
      const { rows } = await session.query<Order>('SELECT id, status FROM orders');
      return rows.map(({ id, status }) => `${id} ${status}`).sort();
    });
  }

  async function setSynchronousStandby(name: string): Promise<void> {
    await withSession(databaseUrl, async (session) => {
      await session.query(`ALTER SYSTEM SET synchronous_standby_names = '${name}'`);
      await session.query('SELECT pg_reload_conf()');
    });
  }

  it('is shown if the network has delivered it late', async () => {
    const { body } = await send('POST', '', newOrder());
    way.block();
    const answers = await Promise.all([
      send('POST', '', newOrder()),
      send('PATCH', `/${body.id}/status`, { status: 'MANUFACTURING_STARTED' }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([503, 503]);
    expect(await expired()).toEqual([`${body.id} NEW`]);

    way.mend();
    const late = await eventually(async () => {
      const orders = await inDatabase();
      return orders.length === 2 && orders.includes(`${body.id} MANUFACTURING_STARTED`) && orders;
    });
    await eventually(async () => String((await list()).orders) === String(late));
  });

  it('is announced before, and not after, its time: each kind of write', async () => {
    const orders = writing.application.get<OrdersRepository>(PERSISTENT_ORDERS, { strict: false });
    const { store } = writing.application.get(VersionStore);
    const isAnnounced = async (until: number): Promise<boolean[]> => {
      const announced = { store, until };
      const by = { subject: 'admin-1', role: 'admin' } as const;
      const visibility = { scope: 'all' } as const;
      const request = { ...newOrder(), source: 'SHOP', priority: 'NORMAL' } as unknown as NewOrder;
      const { order, ...created } = await orders.create({
        ...request,
        ...{ id: randomUUID(), createdBy: 'partner-1', announced },
      });
      const change = { by, visibility, announced };
      const fields = await orders.changeFields({ ...change, order, wanted: { priority: 'URGENT' } });
      const [status] = await orders.changeStatuses({ ...change, orders: [order], to: 'CANCELLED' });
      const archived = await orders.archive({ announced, afterDays: 0, most: 10, pause: 0, rest: 0 });
      const { isAnnounced: ofStatus } = status as StatusChange;
      return [created.isAnnounced, fields.isAnnounced, ofStatus, archived.moved > 0];
    };
    expect(await isAnnounced(performance.now() - 1)).toEqual([false, false, false, false]);
    expect(await isAnnounced(performance.now() + 60_000)).toEqual([true, true, true, true]);
  });

  it('is shown if its commit has waited for a synchronous standby', async () => {
    await setSynchronousStandby('absent');
    expect((await send('POST', '', newOrder())).status).toBe(503);
    expect(await expired()).toEqual([]);

    await setSynchronousStandby('');
    await eventually(async () => (await list()).orders.length === 1);
  });
});
