import fc from 'fast-check';
import type { DueDashboardDto } from '../../apps/mes-api/src/dashboard/due-dashboard.dto.js';
import type { ThroughputDashboardDto } from '../../apps/mes-api/src/dashboard/throughput-dashboard.dto.js';
import type { WorkloadDashboardDto } from '../../apps/mes-api/src/dashboard/workload-dashboard.dto.js';
import { dueSql } from '../../apps/mes-api/src/orders/repository/order-due.sql.js';
import { WORKLOAD_SQL } from '../../apps/mes-api/src/orders/repository/order-workload.sql.js';
import { nextStatuses, type OrderStatus } from '../../apps/mes-api/src/orders/order-status.js';
import { eventually } from '../support/eventually.js';
import { OrdersApi, type ApiAnswer } from '../support/orders-api.js';
import { OrdersTable } from '../support/orders-table.js';
import { RedisServer } from '../support/redis-server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { changeTo, newOrder, VARIED } from '../support/test-orders.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const KINDS = ['due', 'throughput', 'workload'] as const;
const NOT_LATE = `('SHIPPED', 'CLOSED', 'CANCELLED')`;

/** Whether there is time for some requests before the numbers of late orders are those of another minute. */
function isEarlyInMinute(): boolean {
  return Date.now() % MINUTE < MINUTE - 20_000;
}

interface Created {
  readonly id: string;
  readonly number: number;
  readonly createdAt: string;
}

interface Plan {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly Plans?: readonly Plan[];
}

describe('what the dashboard shows of the floor', () => {
  let database: TestDatabase;
  let redis: RedisServer;
  let apis: OrdersApi[];
  let api: OrdersApi;
  let table: OrdersTable;
  let tokens: Record<'viewer' | 'admin' | 'ann' | 'bob', string>;

  beforeAll(async () => {
    [database, redis] = await Promise.all([createTestDatabase(), RedisServer.start()]);
    const options = { databaseUrl: database.url, redisUrl: redis.url };
    api = await OrdersApi.start(options);
    apis = [api, await OrdersApi.start(options)];
    table = await OrdersTable.connect(database.url);
    tokens = {
      viewer: await api.token('viewer'),
      admin: await api.token('admin'),
      ann: await api.token('operator', 'ann'),
      bob: await api.token('operator', 'bob'),
    };
  });

  beforeEach(async () => {
    await table.query('TRUNCATE orders CASCADE');
    await evict('epoch');
  });

  afterAll(async () => {
    await table.close();
    for (const one of apis) await one.stop();
    await redis.stop();
    await database.drop();
  });

  async function evict(...tags: string[]): Promise<void> {
    const request = { method: 'POST', token: tokens.admin, body: { tags } };
    expect((await api.call('/api/v1/cache/evictions', request)).status).toBe(202);
  }

  /** Tokens are those of the first API. The second one has another issuer, but the same cache. */
  async function read<T>(kind: string, from = api): Promise<ApiAnswer<T>> {
    const answer = await from.call<T>(`/api/v1/dashboard/${kind}`, { token: await from.token('viewer') });
    expect(answer.status).toBe(200);
    return answer;
  }

  async function create(order: Record<string, unknown> = {}): Promise<Created> {
    const request = { method: 'POST', token: tokens.admin, body: newOrder(order) };
    const { status, body } = await api.call<Created>('/api/v1/orders', request);
    expect(status).toBe(201);
    return body;
  }

  async function move(id: string, status: string, token = tokens.ann): Promise<number> {
    const request = { method: 'PATCH', token, body: changeTo(status) };
    return (await api.call(`/api/v1/orders/${id}/status`, request)).status;
  }

  async function edit(id: string, body: object): Promise<number> {
    return (await api.call(`/api/v1/orders/${id}`, { method: 'PATCH', token: tokens.admin, body })).status;
  }

  function dueIn(hours: number): { dueAt: string } {
    return { dueAt: new Date(Date.now() + hours * HOUR).toISOString() };
  }

  async function expectTruth(from = api): Promise<void> {
    const { body: due } = await read<DueDashboardDto>('due', from);
    const late = await table.query(
      `SELECT status, priority, (count(*) FILTER (WHERE due_at < $1))::integer AS overdue,
         (count(*) FILTER (WHERE due_at >= $1))::integer AS "dueSoon"
       FROM orders WHERE due_at < $1::timestamptz + interval '1 day' AND status NOT IN ${NOT_LATE}
       GROUP BY status, priority ORDER BY status, priority DESC`,
      [due.asOf],
    );
    expect(due.counts).toEqual(late);

    const { body: workload } = await read<WorkloadDashboardDto>('workload', from);
    const started = await table.query<{ assignee: string }>(
      `SELECT assignee, id, number, product_name AS product, priority, due_at AS "dueAt" FROM orders
       WHERE status = 'MANUFACTURING_STARTED'
       ORDER BY min(due_sort) OVER (PARTITION BY assignee), assignee, due_sort, id`,
    );
    const operators = [...new Set(started.map(({ assignee }) => assignee))].map((operator) => {
      const all = started.filter(({ assignee }) => assignee === operator);
      return { operator, count: all.length, orders: all.slice(0, 3).map(({ assignee: _, ...order }) => order) };
    });
    const truth = { operators: operators.slice(0, 12), operatorCount: operators.length, orderCount: started.length };
    expect(workload).toEqual(JSON.parse(JSON.stringify(truth), (_, value: unknown) => value ?? undefined));

    const { body: throughput } = await read<ThroughputDashboardDto>('throughput', from);
    const reached = await table.query<{ milestone: string; n: number }>(
      `SELECT to_status AS milestone, count(DISTINCT order_id)::integer AS n FROM order_status_changes GROUP BY 1`,
    );
    const count = (milestone: string): number => reached.find((one) => one.milestone === milestone)?.n ?? 0;
    const sum = (of: 'created' | 'started' | 'completed' | 'shipped'): number =>
      throughput.hours.reduce((total, hour) => total + hour[of], 0);
    const [created] = await table.query<{ n: number }>('SELECT count(*)::integer AS n FROM orders');
    expect(sum('created')).toBe(created?.n);
    expect(sum('started')).toBe(count('MANUFACTURING_STARTED'));
    expect(sum('completed')).toBe(count('MANUFACTURING_COMPLETED'));
    expect(sum('shipped')).toBe(count('SHIPPED'));
    expect(throughput.timeToStart.lastDay.count).toBe(count('MANUFACTURING_STARTED'));
    expect(throughput.timeToComplete.lastWeek.count).toBe(count('MANUFACTURING_COMPLETED'));
  }

  it('is true after each of many random writes, through each instance', async () => {
    const orders: { id: string; status: OrderStatus }[] = [];
    for (let i = 0; i < 3; i += 1) orders.push({ id: (await create()).id, status: 'NEW' });
    const step = fc.record({
      what: fc.constantFrom('create', 'move', 'move', 'move', 'due', 'priority', 'hand over'),
      which: fc.nat(),
      hours: fc.constantFrom(1, 23, 25, 1_000),
      priority: fc.constantFrom(...VARIED.priority),
      to: fc.nat(),
    });
    for (const { what, which, hours, priority, to } of fc.sample(step, 60)) {
      const order = orders[which % Math.max(1, orders.length)];
      if (what === 'create' || !order) {
        const { id } = await create({ priority, dueAt: dueIn(hours).dueAt });
        orders.push({ id, status: 'NEW' });
      } else if (what === 'move') {
        const steps = nextStatuses({ ...order, previousStatus: 'NEW' });
        const next = steps[to % Math.max(1, steps.length)];
        if (next && (await move(order.id, next, which % 2 ? tokens.ann : tokens.bob)) === 200) order.status = next;
      } else if (what === 'due') await edit(order.id, dueIn(hours));
      else if (what === 'priority') await edit(order.id, { priority });
      else await edit(order.id, { assignee: which % 2 ? 'ann' : 'bob' });
      for (const from of apis) await expectTruth(from);
    }
  });

  it('is true after each kind of write, through each instance', async () => {
    const { id } = await create({ priority: 'LOW', ...dueIn(2) });
    const writes: [string, () => Promise<number>][] = [
      ['a priority', () => edit(id, { priority: 'HIGH' })],
      ['a later due date', () => edit(id, dueIn(30))],
      ['an earlier due date', () => edit(id, dueIn(3))],
      ['taking', () => move(id, 'MANUFACTURING_STARTED')],
      ['a priority in work', () => edit(id, { priority: 'URGENT' })],
      ['handing over', () => edit(id, { assignee: 'bob' })],
      ['giving back', () => move(id, 'NEW', tokens.bob)],
      ['taking again', () => move(id, 'MANUFACTURING_STARTED')],
      ['completing', () => move(id, 'MANUFACTURING_COMPLETED')],
      ['rework', () => move(id, 'MANUFACTURING_STARTED')],
      ['completing again', () => move(id, 'MANUFACTURING_COMPLETED')],
      ['packaging', () => move(id, 'PACKAGING')],
      ['no due date', () => edit(id, { dueAt: null })],
      ['shipping', () => move(id, 'SHIPPED')],
    ];
    for (const [name, write] of writes) {
      for (const from of apis) await expectTruth(from);
      expect({ name, status: await write() }).toEqual({ name, status: 200 });
      for (const from of apis) await expectTruth(from);
    }
  });

  it('is answered without SQL from the cache until something changes it', async () => {
    const { id } = await create(dueIn(2));
    await move(id, 'MANUFACTURING_STARTED');
    const hits = async (): Promise<(string | null)[]> => {
      const seen: (string | null)[] = [];
      for (const kind of KINDS) seen.push((await read(kind)).headers.get('cache-status'));
      return seen;
    };
    const all = KINDS.map(() => 'mes-near; hit');
    // The instances notice that the tables were emptied, and that takes a moment.
    await eventually(async () => isEarlyInMinute() && JSON.stringify(await hits()) === JSON.stringify(all), 2 * MINUTE);
    // A change of priority touches neither what was done nor who did it, but both other dashboards show it.
    expect(await edit(id, { priority: 'URGENT' })).toBe(200);
    expect((await read('throughput')).headers.get('cache-status')).toBe('mes-near; hit');
    expect((await read('due')).headers.get('cache-status')).toContain('fwd=miss');
    expect((await read('workload')).headers.get('cache-status')).toContain('fwd=miss');
    // On a busy machine, what was loaded may not have been stored in time.
    await eventually(async () => JSON.stringify(await hits()) === JSON.stringify(all));
    expect(await move(id, 'ON_HOLD')).toBe(200);
    expect((await hits()).filter((status) => status?.includes('fwd=miss'))).toHaveLength(3);
  });

  it('shows what is overdue and due within a day, and no finished orders', async () => {
    for (const [status, due] of [
      ['NEW', '-2 hours'],
      ['NEW', '-1 day'],
      ['PACKAGING', '-1 minutes'],
      ['NEW', '23 hours'],
      ['NEW', '25 hours'],
      ['SHIPPED', '-2 hours'],
      ['CANCELLED', '1 hour'],
    ]) {
      await table.query(
        `INSERT INTO orders (id, source, customer_id, customer_name, product_name, material, quantity, priority, created_by,
           status, created_at, due_at)
         VALUES (gen_random_uuid(), 'CRM', 'C', 'c', 'p', 'm', 1, 'HIGH', 'crm', $1, now() - interval '9 days', now() + $2::interval)`,
        [status, due],
      );
    }
    await evict('epoch');
    const { body } = await read<DueDashboardDto>('due');
    expect(body.counts).toEqual([
      { status: 'NEW', priority: 'HIGH', overdue: 2, dueSoon: 1 },
      { status: 'PACKAGING', priority: 'HIGH', overdue: 1, dueSoon: 0 },
    ]);
    expect(Date.parse(body.asOf) % 60_000).toBe(0);
  });

  it('shows an order as overdue in the minute after its due date, without a write', async () => {
    // At least twenty seconds are left for what has to happen before.
    const minute = Math.ceil((Date.now() + 20_000) / MINUTE) * MINUTE;
    await create({ dueAt: new Date(minute - 1).toISOString(), priority: 'LOW' });
    const counts = async (): Promise<unknown> => (await read<DueDashboardDto>('due')).body.counts;
    expect(await counts()).toEqual([{ status: 'NEW', priority: 'LOW', overdue: 0, dueSoon: 1 }]);
    await eventually(() => Date.now() >= minute, 2 * MINUTE);
    expect(await counts()).toEqual([{ status: 'NEW', priority: 'LOW', overdue: 1, dueSoon: 0 }]);
  });

  it('shows who has what is due soonest, and counts all operators and orders', async () => {
    const orders = 400;
    // Each of 25 operators has 16 orders. Those of operator 3 have no due date.
    await table.query(
      `INSERT INTO orders (id, source, customer_id, customer_name, product_name, material, quantity, priority, created_by,
         status, assignee, created_at, due_at)
       SELECT gen_random_uuid(), 'CRM', 'C', 'c', 'p', 'm', 1, 'HIGH', 'crm', 'MANUFACTURING_STARTED', 'operator-' || n % 25,
         now() - interval '1 day', CASE WHEN n % 25 <> 3 THEN now() + (n - 100) * interval '1 minute' END
       FROM generate_series(0, $1::integer - 1) AS n`,
      [orders],
    );
    await evict('epoch');
    await expectTruth();
    const { body } = await read<WorkloadDashboardDto>('workload');
    expect(body).toMatchObject({ operatorCount: 25, orderCount: orders });
    const names = [0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((n) => `operator-${String(n)}`);
    expect(body.operators.map(({ operator, count }) => [operator, count])).toEqual(names.map((name) => [name, 16]));
    expect(JSON.stringify(body).length).toBeLessThan(10_000);
  });

  it('names the oldest new order', async () => {
    const oldest = async (): Promise<unknown> =>
      (await read<{ oldestNewOrder: unknown }>('statuses')).body.oldestNewOrder;
    expect(await oldest()).toBeNull();
    const [first, second] = [await create(), await create()];
    const named = ({ id, number, createdAt }: Created): object => ({ id, number, createdAt });
    expect(await oldest()).toEqual(named(first));
    await move(first.id, 'MANUFACTURING_STARTED');
    expect(await oldest()).toEqual(named(second));
  });

  it('estimates how long orders wait and how long their production takes, in the hours in which that ended', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 10; i += 1) ids.push((await create()).id);
    await table.query(`UPDATE orders SET created_at = now() - interval '4 days 10 hours'`);
    await table.query(
      `INSERT INTO order_status_changes (order_id, version, from_status, to_status, changed_by, changed_at)
       SELECT id, 2, 'NEW', 'MANUFACTURING_STARTED', 'ann', now() - interval '4 days' FROM orders`,
    );
    await table.query(
      `INSERT INTO order_status_changes (order_id, version, from_status, to_status, changed_by, changed_at)
       SELECT id, 3, 'MANUFACTURING_STARTED', 'MANUFACTURING_COMPLETED', 'ann',
         now() - interval '4 days' + row_number() OVER () * interval '8 hours' FROM orders`,
    );
    await evict('orders:counts');
    const { body } = await read<ThroughputDashboardDto>('throughput');
    expect(body.hours).toHaveLength(192);
    expect(body.hours.find(({ started }) => started > 0)).toMatchObject({ started: 10, completed: 0 });
    expect(body.timeToStart.lastDay).toEqual({ count: 0, median: null, p90: null });
    const within = (seconds: number | null, hours: number): void => {
      expect(Math.abs((seconds ?? 0) / 3_600 / hours - 1)).toBeLessThan(0.2);
    };
    expect(body.timeToStart.lastWeek.count).toBe(10);
    within(body.timeToStart.lastWeek.median, 10);
    within(body.timeToComplete.lastWeek.median, 40);
    within(body.timeToComplete.lastWeek.p90, 72);
    // Of the ten, those that were completed in the last 24 hours: after 72 hours and 80 hours.
    expect(body.timeToComplete.lastDay.count).toBeGreaterThanOrEqual(1);
  });

  it('finds late orders in an index of the unfinished ones, whatever the number of others', async () => {
    await table.query(
      `INSERT INTO orders (id, source, customer_id, customer_name, product_name, material, quantity, priority, created_by,
         status, created_at, due_at)
       SELECT gen_random_uuid(), 'CRM', 'C', 'c', 'p', 'm', 1, (enum_range(NULL::order_priority))[1 + n % 4], 'crm',
         CASE WHEN n % 1000 = 0 THEN 'NEW' ELSE 'CLOSED' END::order_status, now() - interval '90 days', now() - interval '80 days'
       FROM generate_series(1, 20000) AS n`,
    );
    await table.query('ANALYZE orders');
    const { sql, parameters } = dueSql(new Date());
    const { indexes, rows } = await scansOf(sql, parameters);
    expect(indexes).toEqual(new Set(['orders_unfinished_by_due']));
    expect(rows).toBe(20);
  });

  it('finds who works on what among the started orders, whatever the number of others', async () => {
    await table.query(
      `INSERT INTO orders (id, source, customer_id, customer_name, product_name, material, quantity, priority, created_by,
         status, assignee, created_at, due_at)
       SELECT gen_random_uuid(), 'CRM', 'C', 'c', 'p', 'm', 1, 'HIGH', 'crm',
         CASE WHEN n % 200 = 0 THEN 'MANUFACTURING_STARTED' ELSE 'CLOSED' END::order_status, 'operator-' || n % 10,
         now() - interval '90 days', now() - interval '80 days'
       FROM generate_series(1, 20000) AS n`,
    );
    await table.query('ANALYZE orders');
    const { indexes, rows } = await scansOf(WORKLOAD_SQL);
    expect(indexes).not.toContain(undefined);
    // The started orders are counted, and three of the only operator are shown.
    expect(rows).toBe(103);
  });

  /** The indexes that a statement reads, or undefined for the table itself, and how many orders it finds in them. */
  async function scansOf(sql: string, parameters: unknown[] = []): Promise<{ indexes: Set<unknown>; rows: number }> {
    const [row] = await table.query<{ 'QUERY PLAN': readonly { readonly Plan: Plan }[] }>(
      `EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`,
      parameters,
    );
    const plan = row?.['QUERY PLAN'][0]?.Plan;
    const nodesOf = (node: Plan): Plan[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];
    const scans = (plan ? nodesOf(plan) : []).filter((node) => node['Relation Name'] === 'orders');
    return {
      indexes: new Set(scans.map((node) => node['Index Name'])),
      rows: Math.round(scans.reduce((sum, node) => sum + node['Actual Rows'] * node['Actual Loops'], 0)),
    };
  }
});
