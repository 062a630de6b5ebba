import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { prepareDatabase } from './prepare-database.js';

/** What NOTIFY takes is shorter, in bytes. */
const TOO_LONG = 8_000;

function id(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
}

/** Inserts the orders from `first` to `last`, their statuses by turns, so that there are as many tags as can be. */
function insertOrders(first: number, last: number): string {
  return `INSERT INTO orders (id, source, customer_id, customer_name, product_name, material, quantity, priority, created_by,
      status, assignee, previous_status)
    SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'CRM', 'C-1', 'Anna', 'Ring', 'Gold 585', 1, 'NORMAL', 'sql',
      (enum_range(NULL::order_status))[1 + n % 8], 'olga', 'NEW'
    FROM generate_series(${first}, ${last}) AS n`;
}

/** Inserts a change of each of these orders. */
function insertHistory(first: number, last: number, version = 2): string {
  return `INSERT INTO order_status_changes SELECT id, ${version}, 'NEW', 'CANCELLED', 'sql', now() FROM orders
    WHERE right(id::text, 12)::integer BETWEEN ${first} AND ${last}`;
}

const INSERT_COUNT = 'INSERT INTO order_status_counts (status, priority, shard, count)';

/** Dashboards show counts, and totals of lists are sums of them. */
const TAGS_OF_COUNTS = [
  ...[
    'orders:CANCELLED',
    'orders:CLOSED',
    'orders:MANUFACTURING_COMPLETED',
    'orders:MANUFACTURING_STARTED',
    'orders:NEW',
  ],
  ...['orders:ON_HOLD', 'orders:PACKAGING', 'orders:SHIPPED', 'orders:counts'],
];

/** As in a dump. */
function qualified(sql: string): string {
  return sql.replace(/\border(s|_\w+)\b/g, 'public.$&');
}

const ORDERS = 300;

describe.each(['origin', 'replica'])('a write past the API, in a session with the role %s', (role) => {
  let database: TestDatabase;
  let client: pg.Client;
  let heard: string[];

  beforeAll(async () => {
    database = await createTestDatabase();
    await prepareDatabase({ url: database.url, patience: 60_000 });
    client = new pg.Client(database.url);
    await client.connect();
    client.on('notification', ({ payload }) => heard.push(payload ?? ''));
    await client.query(`SET session_replication_role = ${role}`);
    await client.query(insertOrders(1, ORDERS));
    await client.query(insertHistory(1, ORDERS));
    await client.query('LISTEN mes_evictions');
  });

  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  beforeEach(async () => {
    await client.query('SELECT');
    heard = [];
    await client.query('BEGIN');
    await client.query('DELETE FROM order_events');
  });

  afterEach(() => client.query('ROLLBACK'));

  /** The tags that are notified of when statements are committed, and the events that they leave, announced or not. */
  async function effectsOf(...statements: string[]): Promise<{ tags: string[][]; events: string[] }> {
    for (const statement of statements) await client.query(statement);
    const { rows } = await client.query<{ event: string }>(
      `SELECT type || CASE WHEN announced THEN ', announced' ELSE '' END AS event FROM public.order_events ORDER BY seq`,
    );
    await client.query('COMMIT');
    // What was notified of comes with the end of a transaction of the listener, in its order.
    for (const payload of heard) expect(Buffer.byteLength(payload)).toBeLessThan(TOO_LONG);
    const tags = heard.map((payload) => (JSON.parse(payload) as { tags: string[] }).tags.sort());
    return { tags, events: rows.map(({ event }) => event) };
  }

  it.each<[string, string[], string[], string[]]>([
    ['a line of history that is added', [insertHistory(1, 1, 3)], [`order:${id(1)}`], ['reset']],
    [
      'one that is changed',
      [`UPDATE order_status_changes SET comment = 'x' WHERE order_id = '${id(2)}'`],
      [`order:${id(2)}`],
      ['reset'],
    ],
    [
      'one that is moved to another order',
      [
        `UPDATE order_status_changes SET order_id = '${id(2)}', version = 9 WHERE order_id = '${id(1)}' AND version = 3`,
      ],
      [`order:${id(1)}`, `order:${id(2)}`],
      ['reset'],
    ],
    [
      'one that is removed',
      [`DELETE FROM order_status_changes WHERE order_id = '${id(3)}'`],
      [`order:${id(3)}`],
      ['reset'],
    ],
    ['no line of history', [`UPDATE order_status_changes SET comment = 'x' WHERE false`], [], []],
    ['the history of many orders', [insertHistory(1, 101, 4)], ['epoch'], ['reset']],
    ['all the history', ['TRUNCATE order_status_changes'], ['epoch'], ['reset']],
    ['a count that is changed', ['UPDATE order_status_counts SET count = count + 1'], TAGS_OF_COUNTS, ['reset']],
    [
      'a count that is added',
      [`${INSERT_COUNT} VALUES ('NEW', 'LOW', 99, 1) ON CONFLICT DO NOTHING`],
      TAGS_OF_COUNTS,
      ['reset'],
    ],
    ['counts that are removed', ['DELETE FROM order_arrivals WHERE shard = 99'], ['orders:counts'], ['reset']],
    ['counts of milestones that are removed', ['DELETE FROM order_milestones'], ['orders:counts'], ['reset']],
    ['all the counts by status', ['TRUNCATE order_status_counts'], TAGS_OF_COUNTS, ['reset']],
    ['all the counts by hour', ['TRUNCATE order_arrivals'], ['orders:counts'], ['reset']],
    [
      'an order that is added',
      [insertOrders(1_000, 1_000)],
      [`order:${id(1_000)}`, 'orders:NEW', 'orders:counts'],
      ['order.created'],
    ],
    [
      'an order that is changed',
      [`UPDATE orders SET comment = 'x' WHERE id = '${id(1_000)}'`],
      [`order:${id(1_000)}`, 'orders:NEW', 'orders:counts'],
      ['reset'],
    ],
    [
      'an order whose priority is changed',
      [`UPDATE orders SET priority = 'LOW', version = version + 1 WHERE id = '${id(1_000)}'`],
      [`order:${id(1_000)}`, 'orders:NEW', 'orders:counts'],
      ['reset'],
    ],
    [
      'an order that is added to the archive',
      [`INSERT INTO archived_orders SELECT * FROM orders WHERE id = '${id(4)}'`],
      ['epoch'],
      ['reset'],
    ],
    ['an archived order that is changed', [`UPDATE archived_orders SET comment = 'x'`], ['epoch'], ['reset']],
    [
      'the history of archived orders',
      [`UPDATE archived_order_status_changes SET comment = 'x'`],
      ['epoch'],
      ['reset'],
    ],
    ['archived orders that are removed', ['DELETE FROM archived_orders'], ['epoch'], ['reset']],
    ['all archived orders', ['TRUNCATE archived_orders'], ['epoch'], ['reset']],
    [
      'an order that is removed',
      [`DELETE FROM orders WHERE id = '${id(1_000)}'`],
      [`order:${id(1_000)}`, 'orders:NEW', 'orders:counts'],
      ['reset'],
    ],
  ])('is reported: %s', async (_, statements, tags, events) => {
    expect(await effectsOf(...statements)).toEqual({ tags: tags.length === 0 ? [] : [tags], events });
  });

  it.each([91, 92, 93, 100, 101])('is reported: %i orders', async (count) => {
    const first = 2_000 + 1_000 * count;
    const { tags } = await effectsOf(insertOrders(first, first + count - 1));
    // All tags, with that of the counts, or the one for all.
    expect(tags[0]).toHaveLength(count <= 92 ? count + 9 : 2);
    expect(tags[0]?.includes('epoch')).toBe(count > 92);
  });

  it('is reported: the history of 100 orders', async () => {
    const { tags } = await effectsOf(insertHistory(101, 200, 5));
    expect(tags[0]).toHaveLength(100);
  });

  it('is reported once, whatever the number of its statements', async () => {
    const { tags, events } = await effectsOf(insertHistory(5, 5, 6), insertHistory(5, 5, 7), insertHistory(5, 5, 8));
    expect(tags).toEqual([[`order:${id(5)}`]]);
    expect(events).toEqual(['reset']);
  });

  it('is reported: a milestone in the history, which the dashboard counts', async () => {
    const { tags, events } = await effectsOf(
      `INSERT INTO order_status_changes SELECT id, 30, 'NEW', 'SHIPPED', 'sql', now() FROM orders WHERE id = '${id(4)}'`,
    );
    expect(tags).toEqual([['orders:counts'], [`order:${id(4)}`]]);
    expect(events).toEqual(['reset']);
  });

  it('counts', async () => {
    const totals = async (): Promise<unknown> =>
      (
        await client.query(`SELECT (SELECT sum(count) FROM order_status_counts)::integer AS by_status,
          (SELECT sum(count) FROM order_arrivals)::integer AS by_hour`)
      ).rows[0];
    await client.query('TRUNCATE orders CASCADE');
    expect(await totals()).toEqual({ by_status: null, by_hour: null });
    await client.query(insertOrders(1, 6));
    await client.query('TRUNCATE orders, order_status_changes, order_status_counts, order_arrivals');
    expect(await totals()).toEqual({ by_status: null, by_hour: null });
    await client.query(insertOrders(1, 5));
    await client.query(`DELETE FROM orders WHERE id = '${id(1)}'`);
    expect(await totals()).toEqual({ by_status: 4, by_hour: 4 });
  });

  it('is reported: history and counts that pg_restore writes with an empty search path', async () => {
    const [history, counts] = [insertHistory(9, 9, 9), `${INSERT_COUNT} VALUES ('NEW', 'LOW', 98, 1)`];
    await client.query(`SELECT set_config('search_path', '', true)`);
    const { tags, events } = await effectsOf(qualified(history), qualified(counts));
    expect(tags).toEqual([[`order:${id(9)}`], TAGS_OF_COUNTS]);
    expect(events).toEqual(['reset']);
  });

  it('is not reported twice when an order is deleted with its history', async () => {
    // The references are triggers too, which the role of a replica silences.
    await client.query('SET LOCAL session_replication_role = origin');
    const { tags, events } = await effectsOf(`DELETE FROM orders WHERE id IN ('${id(101)}', '${id(102)}')`);
    expect(tags).toHaveLength(1);
    expect(events).toEqual(['reset']);
  });

  it.each(['on', 'off'])('is taken for a write of the API when it sets mes.announced to %s', async (announced) => {
    const { tags, events } = await effectsOf(
      `WITH changed AS (
        UPDATE orders SET status = 'CANCELLED', version = version + 1 WHERE id = '${id(16)}' AND status <> 'CANCELLED'
          OR id = '${id(24)}' AND '${announced}' = 'off'
        RETURNING *, set_config('mes.announced', '${announced}', true)
      ), noted AS (
        INSERT INTO order_status_changes SELECT id, 7 + version, 'NEW', status, 'olga', now() FROM changed
      ) SELECT FROM changed`,
    );
    expect(tags).toHaveLength(announced === 'on' ? 0 : 1);
    expect(events).not.toContain('reset');
    expect(events.length).toBeGreaterThan(0);
  });
});

describe('a write of the API', () => {
  it.each([
    [`priority = 'URGENT'`, 'order.changed'],
    [`status = 'CANCELLED'`, 'order.status-changed'],
  ])('leaves an event of its kind: %s', async (change, event) => {
    const database = await createTestDatabase();
    await prepareDatabase({ url: database.url, patience: 60_000 });
    const client = new pg.Client(database.url);
    await client.connect();
    await client.query(insertOrders(8, 8));
    await client.query(
      `WITH changed AS (
        UPDATE orders SET ${change}, version = version + 1 RETURNING announce_write(NULL)
      ) SELECT FROM changed`,
    );
    const { rows } = await client.query(`SELECT type, announced, version, status FROM order_events WHERE version > 1`);
    await client.end();
    await database.drop();
    const status = event === 'order.changed' ? 'NEW' : 'CANCELLED';
    expect(rows).toEqual([{ type: event, announced: false, version: 2, status }]);
  });
});

describe('orders that pg_restore writes in a session that silences triggers', () => {
  it('are reported, and not counted, since it restores the counts too', async () => {
    const database = await createTestDatabase();
    await prepareDatabase({ url: database.url, patience: 60_000 });
    const client = new pg.Client(database.url);
    await client.connect();
    const heard: string[] = [];
    client.on('notification', ({ payload }) => heard.push(payload ?? ''));
    await client.query('LISTEN mes_evictions');
    await client.query('SET session_replication_role = replica');
    await client.query(`SELECT set_config('search_path', '', false)`);
    await client.query(qualified(`${INSERT_COUNT} VALUES ('NEW', 'NORMAL', 1, 5)`));
    heard.length = 0;
    await client.query(
      `INSERT INTO public.orders (id, source, customer_id, customer_name, product_name, material, quantity, priority, created_by)
       SELECT gen_random_uuid(), 'CRM', 'C-1', 'Anna', 'Ring', 'Gold 585', 1, 'NORMAL', 'sql' FROM generate_series(1, 5)`,
    );
    await client.query('RESET search_path');
    const { rows } = await client.query(
      `SELECT sum(count)::integer AS count, (SELECT count(*)::integer FROM order_events WHERE type = 'order.created') AS events
       FROM order_status_counts`,
    );
    await client.end();
    await database.drop();
    expect(heard).toHaveLength(1);
    expect(rows).toEqual([{ count: 5, events: 5 }]);
  });
});
