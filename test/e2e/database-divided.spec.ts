import { once } from 'node:events';
import { prepareDatabase } from '@mes/database';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { DATABASE_REPLACED } from '../../apps/mes-api/src/backplane/postgres-notifications.js';
import { eventually } from '../support/eventually.js';
import { OrdersApi } from '../support/orders-api.js';
import { startPostgres, type PostgresServer } from '../support/postgres-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { insertOrders, newOrder } from '../support/test-orders.js';
import { withSession } from '../support/with-session.js';

const PATIENCE_MS = 60_000;

/** Ends the connections of requests, and leaves the one for notifications. */
const END_CONNECTIONS = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'mes-orders-api'`;

/** Ends the connection for notifications, and leaves those of requests. */
const END_LISTENER = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'mes-orders-api listener'`;

/** As after a failover, while the old primary goes on, or comes back, as a primary. */
describe('when new connections reach another server', () => {
  let servers: [PostgresServer, PostgresServer];
  /** The URLs of both, with the same role and password. */
  let urls: [string, string];
  let way: TcpProxy;
  let api: OrdersApi;

  beforeEach(async () => {
    servers = [await startPostgres(), await startPostgres()];
    const [first, second] = servers;
    const { username, password } = new URL(first.url);
    urls = [first.url, Object.assign(new URL(second.url), { username, password }).href];
    await prepareDatabase({ url: second.url, patience: PATIENCE_MS });
    // One URL leads to both.
    await withSession(second.url, async (sql) => {
      const role = sql.escapeIdentifier(username);
      if (username !== new URL(second.url).username) await sql.query(`CREATE ROLE ${role} LOGIN SUPERUSER`);
      await sql.query(`ALTER ROLE ${role} PASSWORD ${sql.escapeLiteral(decodeURIComponent(password))}`);
    });
    way = await TcpProxy.open(first.url);
  });

  afterEach(async () => {
    await api.stop();
    await way.close();
    for (const server of servers) await server.stop();
  });

  async function divert(): Promise<void> {
    way.divert(urls[1]);
    await withSession(urls[0], (sql) => sql.query(END_CONNECTIONS));
  }

  async function listed(): Promise<number> {
    const list = await api.call<{ items?: object[] }>('/api/v1/orders?status=NEW', {
      token: await api.token('operator'),
    });
    return list.body.items?.length ?? 0;
  }

  it('notifications come from there as well', async () => {
    api = await OrdersApi.start({ databaseUrl: way.url });
    expect(await listed()).toBe(0);
    await divert();
    await withSession(urls[1], (sql) => sql.query(insertOrders(3)));
    await eventually(async () => {
      // A request whose connection is new.
      await api.call('/api/v1/orders/count?assignee=nobody', { token: await api.token('operator') });
      return (await listed()) === 3;
    });
    await eventually(async () => (await api.call('/health/ready')).status === 200);
    await withSession(urls[1], (sql) => sql.query(insertOrders(2)));
    await eventually(async () => (await listed()) === 5);
  });

  describe('and connections to the old one are busy', () => {
    function sessions(url: string): Promise<{ readonly state: string }[]> {
      return withSession(url, async (sql) => {
        const { rows } = await sql.query<{ state: string }>(
          `SELECT state FROM pg_stat_activity WHERE application_name = 'mes-orders-api'`,
        );
        return rows;
      });
    }

    async function create(): Promise<string | undefined> {
      const request = { method: 'POST', token: await api.token('partner'), body: newOrder() };
      const { status, body } = await api.call('/api/v1/orders', request);
      return status === 201 ? String(body.id) : undefined;
    }

    /** Moves the way while requests wait for a lock on all connections to the first server. They end when the move has been noticed. */
    async function moveWhileBusy(move: () => Promise<void>): Promise<void> {
      const id = await eventually(create);
      const replaced = once(api.application.get(EventEmitter2), DATABASE_REPLACED);
      const body = { status: 'MANUFACTURING_STARTED' };
      const token = await api.token('operator');
      const busy: Promise<unknown>[] = [];
      await withSession(urls[0], async (sql) => {
        await sql.query('BEGIN');
        await sql.query('SELECT FROM orders WHERE id = $1 FOR UPDATE', [id]);
        await eventually(async () => {
          if (!(await sessions(urls[0])).some(({ state }) => state === 'idle')) return true;
          busy.push(api.call(`/api/v1/orders/${id}/status`, { method: 'PATCH', token, body }));
          return false;
        });
        way.divert(urls[1]);
        await move();
        await replaced;
        await sql.query('ROLLBACK');
      });
      expect(busy).not.toHaveLength(0);
      await Promise.all(busy);
    }

    async function expectOnlyTheNewOne(): Promise<void> {
      // As many at once as the pool has connections.
      const ids = await Promise.all(Array.from({ length: 10 }, () => eventually(create)));
      const found = await withSession(urls[1], (sql) => sql.query('SELECT FROM orders WHERE id = ANY ($1)', [ids]));
      expect(found.rowCount).toBe(ids.length);
      await eventually(async () => (await sessions(urls[0])).length === 0);
      await eventually(async () => (await api.call('/health/ready')).status === 200);
      const before = await listed();
      await withSession(urls[1], (sql) => sql.query(insertOrders(3)));
      await eventually(async () => (await listed()) === before + 3);
    }

    it('they serve no further request if a request reaches the new one first', async () => {
      api = await OrdersApi.start({ databaseUrl: way.url });
      await moveWhileBusy(async () => {
        await eventually(async () => {
          await create();
          return (await sessions(urls[1])).length > 0;
        });
      });
      await expectOnlyTheNewOne();
    });

    it('they serve no further request if the connection for notifications reaches the new one first', async () => {
      api = await OrdersApi.start({ databaseUrl: way.url });
      await moveWhileBusy(async () => {
        await withSession(urls[0], (sql) => sql.query(END_LISTENER));
      });
      await expectOnlyTheNewOne();
    });
  });

  it('it is said that the way past a pooler leads elsewhere, and nothing is answered from the cache', async () => {
    api = await OrdersApi.start({ databaseUrl: way.url, directUrl: urls[0] });
    const token = await api.token('operator');
    await divert();
    const detail =
      'The database is not available: PostgreSQL is not fit for use: requests reach another server than the connection for notifications. Name the primary in DATABASE_DIRECT_URL, or correct its settings.';
    await eventually(async () => {
      await api.call('/api/v1/orders?status=NEW', { token });
      const { status, body } = await api.call('/health/ready');
      return status === 503 && body.detail === detail;
    });
    await eventually(async () => {
      const list = await api.call('/api/v1/orders?status=NEW', { token });
      return list.status === 200 && (list.headers.get('cache-status') ?? '').includes('cut-off');
    });
    await withSession(urls[1], (sql) => sql.query(insertOrders(3)));
    expect(await listed()).toBe(3);

    way.divert(urls[0]);
    await withSession(urls[1], (sql) => sql.query(END_CONNECTIONS));
    await eventually(async () => (await api.call('/health/ready')).status === 200);
    await eventually(async () => {
      const list = await api.call('/api/v1/orders?status=NEW', { token });
      return (list.headers.get('cache-status') ?? '').includes('hit');
    });
    expect(await listed()).toBe(0);
  });
});
