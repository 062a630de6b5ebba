import fc from 'fast-check';
import { eventually } from '../support/eventually.js';
import { expectProblem } from '../support/expect-problem.js';
import { OrdersApi, type ApiAnswer } from '../support/orders-api.js';
import { OrdersTable } from '../support/orders-table.js';
import { RedisServer } from '../support/redis-server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { insertOrders, newOrder, VARIED } from '../support/test-orders.js';

interface Total {
  readonly count: number;
  readonly isExact: boolean;
  readonly byStatus?: Readonly<Record<string, number>>;
  readonly byPriority?: Readonly<Record<string, number>>;
}

const PRIORITIES = [...VARIED.priority].reverse();

/** Queries, each with the condition for the same orders in SQL. The first two are those of the operators' page. */
const QUERIES: readonly (readonly [query: string, condition: string])[] = [
  ['status=NEW', `status = 'NEW'`],
  ['status=NEW&priority=URGENT&priority=HIGH', `status = 'NEW' AND priority IN ('URGENT', 'HIGH')`],
  ['', 'true'],
  ['status=ON_HOLD&status=CANCELLED', `status IN ('ON_HOLD', 'CANCELLED')`],
  ['priority=LOW', `priority = 'LOW'`],
  ['status=NEW&material=Gold%20585', `status = 'NEW' AND material = 'Gold 585'`],
  ['source=CRM', `source = 'CRM'`],
  ['assignee=operator-1', `assignee = 'operator-1'`],
  ['status=ON_HOLD&holdReason=QUALITY&holdReason=OTHER', `hold_reason IN ('QUALITY', 'OTHER')`],
  ['number=1', 'number = 1'],
  ['dueBefore=2100-01-01T00:00:00Z', `due_at < '2100-01-01'`],
  ['q=%E2%84%96%201', `number = 1 OR ' ' || customer_name || ' ' || product_name || ' ' || material LIKE '% 1%'`],
  ['q=signet', `product_name ILIKE '%signet%'`],
];

describe('the total of a list', () => {
  let database: TestDatabase;
  let redis: RedisServer;
  let instances: [OrdersApi, OrdersApi];
  let table: OrdersTable;

  beforeAll(async () => {
    [database, redis] = await Promise.all([createTestDatabase(), RedisServer.start()]);
    const options = { databaseUrl: database.url, redisUrl: redis.url };
    instances = await Promise.all([OrdersApi.start(options), OrdersApi.start(options)]);
    table = await OrdersTable.connect(database.url);
  });

  afterAll(async () => {
    await table.close();
    await Promise.all(instances.map((instance) => instance.stop()));
    await redis.stop();
    await database.drop();
  });

  beforeEach(async () => {
    await table.query('DELETE FROM orders');
    for (const on of [0, 1]) await eventually(async () => (await total('', 'operator', on)).body.count === 0);
  });

  /** @param role with a subject after a space, if it is not the usual one */
  async function call<T>(on: number, role: string, path: string, request: object = {}): Promise<ApiAnswer<T>> {
    const instance = instances[on] ?? instances[0];
    const [kind = '', subject] = role.split(' ');
    return instance.call<T>(path, { ...request, token: await instance.token(kind as 'admin', subject) });
  }

  async function total(query: string, role = 'operator', on = 0): Promise<ApiAnswer<Total>> {
    const answer = await call<Total>(on, role, `/api/v1/orders/count?${query}`);
    expect({ query, status: answer.status }).toEqual({ query, status: 200 });
    return answer;
  }

  async function create(changes: Readonly<Record<string, unknown>> = {}, role = 'admin', on = 0): Promise<string> {
    const answer = await call<{ id: string }>(on, role, '/api/v1/orders', { method: 'POST', body: newOrder(changes) });
    expect(answer.status).toBe(201);
    return answer.body.id;
  }

  async function move(id: string, status: string, on = 0, reason?: string): Promise<number> {
    const body = { status, comment: 'why', ...(status === 'ON_HOLD' && { reason }) };
    return (await call(on, 'operator', `/api/v1/orders/${id}/status`, { method: 'PATCH', body })).status;
  }

  /** The total by the simplest statement. */
  async function truth(query: string, condition: string): Promise<Total> {
    const rows = await table.query<{ status: string; priority: string; n: number }>(
      `SELECT status, priority, count(*)::integer AS n FROM orders WHERE (${condition}) GROUP BY status, priority`,
    );
    const asked = new URLSearchParams(query);
    const by = (column: 'status' | 'priority', all: readonly string[]): Record<string, number> => {
      const values = asked.has(column) ? asked.getAll(column) : all;
      const sum = (value: string): number =>
        rows.filter((row) => row[column] === value).reduce((sum, { n }) => sum + n, 0);
      return Object.fromEntries(values.map((value) => [value, sum(value)]));
    };
    return {
      count: rows.reduce((sum, { n }) => sum + n, 0),
      isExact: true,
      byStatus: by('status', VARIED.status),
      byPriority: by('priority', PRIORITIES),
    };
  }

  async function expectTruth(on: number): Promise<void> {
    for (const [query, condition] of QUERIES) {
      expect({ query, ...(await total(query, 'operator', on)).body }).toEqual({
        query,
        ...(await truth(query, condition)),
      });
    }
  }

  it('tells how many orders there are, by status and by priority', async () => {
    await create({ priority: 'URGENT' });
    await create({ priority: 'URGENT' });
    expect(await move(await create(), 'ON_HOLD')).toBe(200);
    expect((await total('status=NEW')).body).toEqual({
      count: 2,
      isExact: true,
      byStatus: { NEW: 2 },
      byPriority: { LOW: 0, NORMAL: 0, HIGH: 0, URGENT: 2 },
    });
    expect((await total('status=NEW&status=ON_HOLD&priority=NORMAL')).body).toEqual({
      count: 1,
      isExact: true,
      byStatus: { NEW: 0, ON_HOLD: 1 },
      byPriority: { NORMAL: 1 },
    });
  });

  it('is true after each of many random creations and changes, through any instance', async () => {
    const ids: string[] = [];
    const step = fc.record({
      kind: fc.constantFrom('create', 'move', 'move several', 'change'),
      which: fc.nat(),
      status: fc.constantFrom(...VARIED.status, 'ON_HOLD', 'NEW'),
      reason: fc.constantFrom('QUALITY', 'BREAK'),
      priority: fc.constantFrom(...PRIORITIES),
      source: fc.constantFrom(...VARIED.source),
      on: fc.nat({ max: 1 }),
    });
    for (const { kind, which, status, reason, priority, source, on } of fc.sample(step, 30)) {
      const id = ids[which % ids.length] ?? '';
      if (kind === 'create' || ids.length < 2) {
        ids.push(await create({ priority, source, dueAt: '2099-01-01T00:00:00Z' }, 'admin', on));
      } else if (kind === 'change') {
        await call(on, 'admin', `/api/v1/orders/${id}`, { method: 'PATCH', body: { priority, dueAt: null } });
      } else if (kind === 'move') {
        await move(id, status, on, reason);
      } else {
        const orders = ids.slice(which % ids.length).map((one) => ({ id: one }));
        const body = { status, comment: 'why', orders };
        await call(on, 'operator', '/api/v1/orders/status', { method: 'PATCH', body });
      }
      await expectTruth(1 - on);
    }
  });

  /** Writes by SQL, of which the instances hear a little later. */
  async function expectTruthAfter(write: string): Promise<void> {
    await table.query(write);
    await eventually(async () => {
      try {
        await expectTruth(0);
        await expectTruth(1);
        return true;
      } catch {
        return false;
      }
    });
  }

  it('becomes true after each kind of write by SQL', async () => {
    await create({ priority: 'LOW' });
    await expectTruth(1);
    for (const write of [
      insertOrders(7),
      `UPDATE orders SET priority = 'URGENT' WHERE source = 'CRM'`,
      `UPDATE orders SET status = 'ON_HOLD', previous_status = 'NEW' WHERE priority = 'LOW'`,
      `UPDATE orders SET material = 'Brass', product_name = 'Signet'`,
      `DELETE FROM orders WHERE number % 2 = 0`,
      insertOrders(150),
    ]) {
      await expectTruthAfter(write);
    }
  });

  it('becomes what the maintained counts say after they are changed by SQL', async () => {
    await create();
    expect((await total('status=NEW')).body.count).toBe(1);
    await table.query(`INSERT INTO order_status_counts (status, priority, shard, count) VALUES ('NEW', 'LOW', 99, 41)`);
    await eventually(async () => (await total('status=NEW', 'operator', 1)).body.count === 42);
    await table.query('DELETE FROM order_status_counts WHERE shard = 99');
  });

  it('of the new orders is in the cache of every instance after each write', async () => {
    for (const on of [0, 1]) await total('status=NEW', 'operator', on);
    for (let n = 1; n <= 15; n += 1) {
      const id = await create();
      for (const on of [0, 1]) {
        const { headers, body } = await total('status=NEW', 'operator', on);
        expect(headers.get('cache-status')).toBe(on === 0 ? 'mes-near; hit' : 'mes-redis; hit');
        expect(body.count).toBe(n);
      }
      if (n % 5 !== 0) continue;
      expect(await move(id, 'MANUFACTURING_STARTED')).toBe(200);
      expect((await total('status=NEW')).headers.get('cache-status')).toBe('mes-near; hit');
      await create();
      expect((await total('status=NEW')).headers.get('cache-status')).toBe('mes-near; hit');
    }
  });

  it('outlives writes to other statuses', async () => {
    const id = await create();
    expect(await move(id, 'MANUFACTURING_STARTED')).toBe(200);
    await total('status=NEW&material=Gold%20585');
    expect(await move(id, 'MANUFACTURING_COMPLETED')).toBe(200);
    const { headers } = await total('status=NEW&material=Gold%20585');
    expect(headers.get('cache-status')).toBe('mes-near; hit');
  });

  it('is shared between spellings of a query, and between callers with the same view', async () => {
    await total('priority=LOW&status=NEW&status=CLOSED');
    for (const role of ['viewer', 'admin']) {
      const { headers } = await total('status=CLOSED&status=NEW&priority=LOW&status=NEW', role);
      expect(headers.get('cache-status')).toBe('mes-near; hit');
    }
    const own = await total('priority=LOW&status=NEW&status=CLOSED', 'partner');
    expect(own.headers.get('cache-status')).toBe('mes; fwd=miss; stored');
  });

  it('has an entity tag, with which it is asked for again', async () => {
    await create();
    const { headers } = await total('status=NEW');
    const again = { headers: { 'if-none-match': headers.get('etag') ?? '' } };
    expect((await call(0, 'operator', '/api/v1/orders/count?status=NEW', again)).status).toBe(304);
    await create();
    expect((await call(0, 'operator', '/api/v1/orders/count?status=NEW', again)).status).toBe(200);
  });

  it('counts only their own orders for partners', async () => {
    for (const [creator, count] of [['partner p-1', 3] as const, ['partner p-2', 2] as const]) {
      for (let n = 0; n < count; n += 1) await create({ priority: 'HIGH' }, creator);
    }
    const cases: [role: string, count: number][] = [
      ['partner p-1', 3],
      ['partner p-2', 2],
      ['partner p-3', 0],
      ['viewer', 5],
    ];
    for (const query of ['', 'status=NEW', 'status=NEW&priority=HIGH', 'q=signet', 'material=Gold%20585']) {
      for (const [role, count] of cases) {
        const { body } = await total(query, role);
        expect({ query, role, ...body }).toMatchObject({ query, role, count, isExact: true });
        expect(Object.values(body.byStatus ?? {}).reduce((sum, n) => sum + n, 0)).toBe(count);
        expect(Object.values(body.byPriority ?? {}).reduce((sum, n) => sum + n, 0)).toBe(count);
      }
    }
  });

  it.each([
    ['sort=createdAt', 'sort'],
    ['limit=1', 'limit'],
    ['cursor=abc', 'cursor'],
    ['colour=red', 'colour'],
    ['status=OLD', 'status'],
    ['q=%20', 'q'],
    ['dueBefore=tomorrow', 'dueBefore'],
    ['holdReason=quality', 'holdReason'],
    ['number=0', 'number'],
  ])('refuses %s', async (query, field) => {
    const answer = await call(0, 'operator', `/api/v1/orders/count?${query}`);
    expectProblem(answer, { status: 400, code: 'INPUT_INVALID', fields: [field] });
  });

  it('is exact for any number by status and priority, and up to 10,000 otherwise', async () => {
    const sum = async (query: string, role = 'operator'): Promise<Total> => (await total(query, role)).body;
    await table.query(insertOrders(9_999));
    await eventually(async () => (await sum('')).count === 9_999);
    await create({ source: 'CRM' }, 'partner sql');
    for (const [query, role] of [['source=CRM'], ['q=gold'], ['material=Gold%20585'], ['', 'partner sql']]) {
      expect(await sum(query ?? '', role)).toMatchObject({ count: 10_000, isExact: true, byStatus: { NEW: 10_000 } });
    }
    await create({ source: 'CRM' }, 'partner sql');
    for (const [query, role] of [['source=CRM'], ['q=gold'], ['material=Gold%20585'], ['', 'partner sql']]) {
      expect(await sum(query ?? '', role)).toEqual({ count: 10_000, isExact: false });
    }
    expect(await sum('status=NEW&priority=NORMAL')).toMatchObject({ count: 10_001, isExact: true });
    expect(await sum('')).toMatchObject({ count: 10_001, isExact: true });
  });

  // The last one, since the instances trust nothing that is cached for a while afterwards.
  it('becomes true after all orders are removed', async () => {
    await create();
    await expectTruth(1);
    await expectTruthAfter('TRUNCATE orders CASCADE');
  });
});
