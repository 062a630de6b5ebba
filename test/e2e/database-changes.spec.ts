import pg from 'pg';
import { EventStream } from '../support/event-stream.js';
import { eventually } from '../support/eventually.js';
import { OrdersApi } from '../support/orders-api.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { newOrder } from '../support/test-orders.js';

/** Replaces the table of the orders with an earlier copy, like a restore of one table. */
const SWAP = `
  CREATE TABLE restored (LIKE orders INCLUDING ALL);
  ALTER TABLE orders RENAME TO replaced;
  ALTER TABLE restored RENAME TO orders;`;

/** Statements like those of `pg_restore --clean`, each in a separate transaction. */
const RESTORE = [
  'DROP TABLE order_status_changes',
  'CREATE TABLE copy AS TABLE orders WITH NO DATA',
  'DROP TABLE orders CASCADE',
  'ALTER TABLE copy RENAME TO orders',
  `CREATE TABLE order_status_changes (order_id uuid, version integer, from_status order_status, to_status order_status,
    changed_by text, changed_at timestamptz(3), comment text, reason hold_reason, changes jsonb)`,
];

describe('a database that changes under running instances', () => {
  let database: TestDatabase;
  let instances: OrdersApi[];
  let sql: pg.Client;
  let streams: EventStream[];
  let id: string;

  beforeEach(async () => {
    database = await createTestDatabase();
    const redisUrl = process.env.TEST_REDIS_URL ?? '';
    instances = await Promise.all([
      OrdersApi.start({ databaseUrl: database.url, redisUrl }),
      OrdersApi.start({ databaseUrl: database.url, redisUrl }),
    ]);
    sql = new pg.Client(database.url);
    await sql.connect();
    const [api] = instances as [OrdersApi];
    const creation = { method: 'POST', token: await api.token('partner'), body: newOrder() };
    id = (await api.call<{ id: string }>('/api/v1/orders', creation)).body.id;
    streams = await Promise.all(
      instances.map(async (instance) => EventStream.open(instance.url, { token: await instance.token('operator') })),
    );
    await eventually(async () => (await seen('/api/v1/orders?status=NEW')).every(({ isHit }) => isHit));
  });

  afterEach(async () => {
    for (const stream of streams) stream.drop();
    await sql.end();
    await Promise.all(instances.map((instance) => instance.stop()));
    await database.drop();
  });

  /** The response of each instance. */
  async function seen(path: string): Promise<{ status: number; text: string; isHit: boolean }[]> {
    return Promise.all(
      instances.map(async (instance) => {
        const { status, body, headers } = await instance.call(path, { token: await instance.token('operator') });
        return { status, text: JSON.stringify(body), isHit: (headers.get('cache-status') ?? '').includes('hit') };
      }),
    );
  }

  async function eventuallyAll(path: string, isSeen: (text: string, status: number) => boolean): Promise<void> {
    await eventually(async () => (await seen(path)).every(({ status, text }) => isSeen(text, status)));
  }

  async function eventuallyReset(): Promise<void> {
    await eventually(() => streams.every(({ news }) => news.some(({ event }) => event === 'reset')));
  }

  it('no longer shows orders that disappear with a replaced table', async () => {
    await sql.query(SWAP);
    await eventuallyAll('/api/v1/orders?status=NEW', (text, status) => status === 200 && !text.includes(id));
    await eventuallyAll(`/api/v1/orders/${id}`, (_, status) => status === 404);
    await eventuallyReset();
  });

  it('no longer shows orders that disappear with a restore, table by table', async () => {
    for (const statement of RESTORE) await sql.query(statement);
    await eventuallyAll('/api/v1/orders?status=NEW', (text, status) => status === 200 && !text.includes(id));
    await eventuallyReset();
  });

  it('shows changes by a session without triggers', async () => {
    await sql.query(`SET session_replication_role = replica`);
    await sql.query(`UPDATE orders SET material = 'Platinum 950' WHERE id = $1`, [id]);
    await eventuallyAll('/api/v1/orders?status=NEW', (text) => text.includes('Platinum 950'));
    await eventuallyAll(`/api/v1/orders/${id}`, (text) => text.includes('Platinum 950'));
    await eventuallyReset();
  });

  it('shows changes of a history by SQL', async () => {
    await seen(`/api/v1/orders/${id}/history`);
    await sql.query(`INSERT INTO order_status_changes VALUES ($1, 2, 'NEW', 'ON_HOLD', 'somebody', now(), 'by hand')`, [
      id,
    ]);
    await eventuallyAll(`/api/v1/orders/${id}/history`, (text) => text.includes('by hand'));
    await sql.query(`UPDATE order_status_changes SET comment = 'mended' WHERE order_id = $1`, [id]);
    await eventuallyAll(`/api/v1/orders/${id}/history`, (text) => text.includes('mended'));
    await sql.query('TRUNCATE order_status_changes');
    await eventuallyAll(`/api/v1/orders/${id}/history`, (text) => !text.includes('mended'));
    await eventuallyReset();
  });

  it('shows changes of counts by SQL', async () => {
    await seen('/api/v1/dashboard/statuses');
    await sql.query(`UPDATE order_status_counts SET count = count + 1000 WHERE status = 'NEW'`);
    await eventuallyAll('/api/v1/dashboard/statuses', (text) => text.includes('1001'));
    await sql.query('UPDATE order_arrivals SET count = count + 5000');
    await eventuallyAll('/api/v1/dashboard/statuses', (text) => text.includes('5001'));
    await eventuallyReset();
  });

  it('sends only the regular events, and no reset, for writes through the API', async () => {
    const [api] = instances as [OrdersApi];
    const body = { status: 'MANUFACTURING_STARTED' };
    await api.call(`/api/v1/orders/${id}/status`, { method: 'PATCH', token: await api.token('operator'), body });
    await eventually(() => streams.every(({ news }) => news.length > 0));
    for (const { news } of streams) expect(news.map(({ event }) => event)).toEqual(['order.status-changed']);
  });

  it('is read again by all instances after one command of an administrator', async () => {
    const [first, second] = instances as [OrdersApi, OrdersApi];
    const evict = { method: 'POST', token: await first.token('admin'), body: { tags: ['epoch'] } };
    expect((await first.call('/api/v1/cache/evictions', evict)).status).toBe(202);
    const answer = await second.call('/api/v1/orders?status=NEW', { token: await second.token('operator') });
    expect(answer.headers.get('cache-status')).toMatch(/^mes; fwd=miss/);
    await eventuallyReset();
  });
});
