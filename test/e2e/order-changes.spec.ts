import { randomUUID } from 'node:crypto';
import { VersionStore } from '@mes/cache';
import { EventStream } from '../support/event-stream.js';
import { eventually } from '../support/eventually.js';
import { expectProblem } from '../support/expect-problem.js';
import { OrdersApi, type ApiAnswer } from '../support/orders-api.js';
import { OrdersTable } from '../support/orders-table.js';
import { RedisServer } from '../support/redis-server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { changeTo, newOrder } from '../support/test-orders.js';

interface Order {
  readonly id: string;
  readonly status: string;
  readonly nextStatuses: readonly string[];
  readonly priority: string;
  readonly dueAt?: string;
  readonly holdReason?: string;
  readonly assignee?: string;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

interface History {
  readonly items: readonly { from: string; to: string; by: string; reason?: string; comment?: string }[];
  readonly changes: readonly Record<string, unknown>[];
  readonly timeInStatus: Readonly<Record<string, number>>;
  readonly current: { readonly status: string; readonly since: string };
}

interface Result {
  readonly id: string;
  readonly status: number;
  readonly order?: Order;
  readonly code?: string;
  readonly detail?: string;
  readonly currentStatus?: string;
  readonly assignee?: string;
}

interface Caller {
  readonly role: 'operator' | 'partner' | 'viewer' | 'admin';
  readonly subject: string;
}

const [ann, bob] = ['ann', 'bob'].map((subject) => ({ role: 'operator', subject })) as [Caller, Caller];
const admin: Caller = { role: 'admin', subject: 'admin-1' };
const partner: Caller = { role: 'partner', subject: 'partner-1' };

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DUE = '2099-05-17T09:30:00.000Z';
const PAUSE = { status: 'ON_HOLD', reason: 'QUALITY', comment: 'a' };
const STARTED = 'MANUFACTURING_STARTED';
const COMPLETED = 'MANUFACTURING_COMPLETED';

let database: TestDatabase;
let redis: RedisServer;
/** Two instances, which are called by turns. */
let instances: readonly [OrdersApi, OrdersApi];
let table: OrdersTable;
let calls = 0;

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), RedisServer.start()]);
  const start = (): Promise<OrdersApi> => OrdersApi.start({ databaseUrl: database.url, redisUrl: redis.url });
  instances = [await start(), await start()];
  table = await OrdersTable.connect(database.url);
});

afterAll(async () => {
  await table.close();
  await Promise.all(instances.map((api) => api.stop()));
  await redis.stop();
  await database.drop();
});

async function call<T = Order>(
  { role, subject }: Caller,
  method: string,
  path: string,
  { body, ifMatch }: { readonly body?: unknown; readonly ifMatch?: string | undefined } = {},
): Promise<ApiAnswer<T>> {
  const api = instances[(calls += 1) % 2 === 0 ? 0 : 1];
  const headers: Record<string, string> = ifMatch === undefined ? {} : { 'if-match': ifMatch };
  return api.call<T>(`/api/v1/orders${path}`, { method, token: await api.token(role, subject), body, headers });
}

async function create(changes: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const { status, body } = await call(partner, 'POST', '', { body: newOrder(changes) });
  expect(status).toBe(201);
  return body.id;
}

function step(by: Caller, id: string, to: string | object, ifMatch?: string): Promise<ApiAnswer<Order>> {
  const body = typeof to === 'string' ? changeTo(to) : to;
  return call(by, 'PATCH', `/${id}/status`, { body, ifMatch });
}

function edit(by: Caller, id: string, body: object, ifMatch?: string): Promise<ApiAnswer<Order>> {
  return call(by, 'PATCH', `/${id}`, { body, ifMatch });
}

/** An order that has taken these steps, by Ann. */
async function createAt(...path: readonly string[]): Promise<string> {
  const id = await create();
  for (const to of path) expect(await step(ann, id, to)).toMatchObject({ status: 200 });
  return id;
}

async function read(id: string, by = admin): Promise<Order> {
  const { status, body } = await call(by, 'GET', `/${id}`);
  expect(status).toBe(200);
  return body;
}

async function historyOf(id: string): Promise<History> {
  const { status, body } = await call<History>(admin, 'GET', `/${id}/history`);
  expect(status).toBe(200);
  return body;
}

async function follow(): Promise<EventStream> {
  const [api] = instances;
  return EventStream.open(api.url, { token: await api.token('viewer') });
}

/** How many changes the instances have counted. */
async function counted(metric: 'mes_order_status_changes_total' | 'mes_order_field_changes_total'): Promise<number> {
  const texts = await Promise.all(instances.map(async (api) => (await api.call<string>('/metrics')).body));
  const samples = texts.flatMap((text) => text.split('\n').filter((line) => line.startsWith(`${metric}{`)));
  return samples.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** What a read of this order, and the live events since, must not show after a refused request. */
async function expectUntouched(id: string, before: Order): Promise<void> {
  expect(await read(id)).toEqual(before);
  const history = await historyOf(id);
  expect(history.items.length + history.changes.length).toBeLessThan(before.version);
}

describe('a repeated status change', () => {
  it.each<[string, string[], string | object, Caller]>([
    ['taking', [], STARTED, ann],
    ['pausing', [STARTED], { status: 'ON_HOLD', reason: 'OTHER', comment: 'Waits for Eve' }, ann],
    ['resuming', [STARTED, 'ON_HOLD'], STARTED, ann],
    ['giving back', [STARTED], 'NEW', ann],
    ['completing', [STARTED], { status: COMPLETED, comment: 'ü' }, ann],
    ['cancelling', [], 'CANCELLED', partner],
  ])('of the same caller succeeds: %s', async (_, path, to, by) => {
    const id = await createAt(...path);
    const stream = await follow();
    const before = await counted('mes_order_status_changes_total');
    const first = await step(by, id, to);
    expect(first.status).toBe(200);
    const previous = `"${first.body.version - 1}"`;
    for (const ifMatch of [undefined, undefined, previous, '*', `"7", ${previous}`]) {
      const again = await step(by, id, to, ifMatch);
      expect({ ifMatch, ...again.body, etag: again.headers.get('etag') }).toEqual({
        ...{ ifMatch, ...first.body },
        etag: first.headers.get('etag'),
      });
    }
    expect(await read(id, by)).toEqual(first.body);
    expect((await historyOf(id)).items).toHaveLength(path.length + 1);
    expect(await counted('mes_order_status_changes_total')).toBe(before + 1);
    const last = await create();
    await eventually(() => stream.news.some(({ data }) => data.id === last));
    stream.drop();
    expect(stream.news.filter(({ data }) => data.id === id)).toHaveLength(1);
  });

  it('of another caller is a conflict', async () => {
    const id = await createAt(STARTED);
    const before = await read(id);
    for (const by of [bob, admin]) {
      const members = { currentStatus: STARTED, currentVersion: 2, assignee: 'ann' };
      const refused = await step(by, id, STARTED);
      expectProblem(refused, { status: 409, code: 'ORDER_TRANSITION_NOT_ALLOWED', members });
      expectProblem(await step(by, id, STARTED, '"1"'), { status: 412, code: 'ORDER_VERSION_MISMATCH', members });
    }
    await expectUntouched(id, before);
  });

  it.each<[string, (id: string) => Promise<unknown>, string | object, string | undefined, number]>([
    ['with another comment', () => Promise.resolve(), { ...PAUSE, comment: 'b' }, undefined, 409],
    ['with another reason', () => Promise.resolve(), { ...PAUSE, reason: 'BREAK' }, undefined, 409],
    ['without the comment', () => Promise.resolve(), { status: 'ON_HOLD', reason: 'QUALITY' }, undefined, 409],
    ['with the present version', () => Promise.resolve(), PAUSE, '"3"', 409],
    ['with an earlier version', () => Promise.resolve(), PAUSE, '"1"', 412],
    ['after a change of the order', (id) => edit(bob, id, { priority: 'HIGH' }), PAUSE, undefined, 409],
    [
      'after the same step of somebody else',
      async (id) => [await step(bob, id, STARTED), await step(bob, id, PAUSE)],
      PAUSE,
      undefined,
      409,
    ],
  ])('is another change, and refused, %s', async (_, meanwhile, to, ifMatch, status) => {
    const id = await createAt(STARTED);
    expect(await step(ann, id, PAUSE)).toMatchObject({ status: 200 });
    await meanwhile(id);
    const before = await read(id);
    expect((await step(ann, id, to, ifMatch)).status).toBe(status);
    await expectUntouched(id, before);
  });

  it('leaves one step of 20 identical concurrent requests, all of which succeed', async () => {
    const id = await create();
    const answers = await Promise.all(Array.from({ length: 20 }, () => step(ann, id, STARTED, '"1"')));
    expect(new Set(answers.map(({ status, body }) => JSON.stringify([status, body])))).toEqual(
      new Set([JSON.stringify([200, answers[0]?.body])]),
    );
    expect((await historyOf(id)).items).toHaveLength(1);
  });

  it('makes the lists current, if the instance that made the change has died before it could', async () => {
    const id = await create();
    const paths = ['?status=NEW', `/${id}`, `/${id}/history`];
    for (const path of [...paths, ...paths, ...paths, ...paths]) await call(ann, 'GET', path);
    const tags = [`order:${id}`, 'orders:NEW', `orders:${STARTED}`, 'orders:counts'];
    const versions = instances[0].application.get(VersionStore, { strict: false });
    const write = { id: randomUUID(), tags };
    await versions.begin(write);
    await table.query('BEGIN');
    await table.query(`SELECT set_config('mes.announced', 'on', true)`);
    await table.query(
      `UPDATE orders SET previous_status = status, status = '${STARTED}', assignee = 'ann', version = 2 WHERE id = $1`,
      [id],
    );
    await table.query(`INSERT INTO order_status_changes VALUES ($1, 2, 'NEW', '${STARTED}', 'ann', now())`, [id]);
    await table.query('COMMIT');
    expect((await read(id)).status).toBe('NEW');

    expect(await step(ann, id, STARTED)).toMatchObject({ status: 200, body: { version: 2 } });
    for (let i = 0; i < 2; i += 1) {
      expect((await read(id)).status).toBe(STARTED);
      expect((await historyOf(id)).items).toHaveLength(1);
      const { body } = await call<{ items: Order[] }>(ann, 'GET', '?status=NEW');
      expect(body.items.map((order) => order.id)).not.toContain(id);
    }
    // It would expire in the middle of another test.
    await versions.complete([write.id], []);
  });
});

describe('changing fields of an order', () => {
  it('changes the given ones, all at once, and shows them in the history and as an event', async () => {
    const id = await createAt(STARTED);
    const stream = await follow();
    const { body: first } = await edit(admin, id, { priority: 'URGENT', dueAt: '2099-05-17T12:30:00+03:00' });
    expect(first).toMatchObject({ priority: 'URGENT', dueAt: DUE, version: 3, status: STARTED, assignee: 'ann' });
    const { body: second, headers } = await edit(admin, id, { dueAt: null, assignee: 'bob' }, '"3"');
    expect(headers.get('etag')).toBe('"4"');
    expect(second).toMatchObject({ priority: 'URGENT', version: 4, assignee: 'bob' });
    expect(second).not.toHaveProperty('dueAt');
    expect(await read(id)).toEqual(second);

    const { items, changes } = await historyOf(id);
    expect(items).toHaveLength(1);
    expect(changes).toEqual([
      { field: 'priority', from: 'NORMAL', to: 'URGENT', by: 'admin-1', at: first.updatedAt, version: 3 },
      { field: 'dueAt', to: DUE, by: 'admin-1', at: first.updatedAt, version: 3 },
      { field: 'dueAt', from: DUE, by: 'admin-1', at: second.updatedAt, version: 4 },
      { field: 'assignee', from: 'ann', to: 'bob', by: 'admin-1', at: second.updatedAt, version: 4 },
    ]);
    await eventually(() => stream.news.length === 2);
    stream.drop();
    const common = { id, number: expect.any(Number) as unknown, status: STARTED, priority: 'URGENT', by: 'admin-1' };
    expect(stream.news.map(({ event, data: { at, ...data } }) => ({ event, data, at: typeof at }))).toEqual([
      {
        event: 'order.changed',
        at: 'string',
        data: {
          ...{ ...common, version: 3, assignee: 'ann' },
          changes: [
            { field: 'priority', from: 'NORMAL', to: 'URGENT' },
            { field: 'dueAt', to: DUE },
          ],
        },
      },
      {
        event: 'order.changed',
        at: 'string',
        data: {
          ...{ ...common, version: 4, assignee: 'bob' },
          changes: [
            { field: 'dueAt', from: DUE },
            { field: 'assignee', from: 'ann', to: 'bob' },
          ],
        },
      },
    ]);
  });

  it('leaves the way back from a pause, its reason and the steps of the history as they are', async () => {
    const id = await createAt(STARTED, 'ON_HOLD');
    const { body } = await edit(ann, id, { assignee: 'bob', priority: 'LOW' });
    expect(body).toMatchObject({ status: 'ON_HOLD', holdReason: 'QUESTION', nextStatuses: [STARTED, 'CANCELLED'] });
    expect((await step(bob, id, STARTED)).body).toMatchObject({ status: STARTED, assignee: 'bob' });
    expect((await historyOf(id)).items.map(({ to }) => to)).toEqual([STARTED, 'ON_HOLD', STARTED]);
  });

  it.each<[string, Caller, string[], object, number, string | undefined]>([
    ['an operator, of the priority', bob, [STARTED], { priority: 'LOW' }, 200, undefined],
    ['an operator, of the due date', ann, [STARTED], { dueAt: DUE }, 403, 'ROLE_MISSING'],
    ['an operator, of the due date that it has', ann, [], { dueAt: null }, 403, 'ROLE_MISSING'],
    ['an operator, of two fields', ann, [STARTED], { priority: 'LOW', dueAt: DUE }, 403, 'ROLE_MISSING'],
    ['an admin, of the due date', admin, [], { dueAt: DUE }, 200, undefined],
    ['an admin, of a due date in the past', admin, [], { dueAt: '2001-01-01T00:00:00Z' }, 400, 'ORDER_DUE_DATE_PASSED'],
    ['the one that has it, of the assignee', ann, [STARTED], { assignee: 'bob' }, 200, undefined],
    ['an admin, of the assignee', admin, [STARTED], { assignee: 'bob' }, 200, undefined],
    ['another operator, of the assignee', bob, [STARTED], { assignee: 'bob' }, 403, 'ORDER_OF_ANOTHER_OPERATOR'],
    [
      'another operator, of two fields',
      bob,
      [STARTED],
      { assignee: 'bob', priority: 'LOW' },
      403,
      'ORDER_OF_ANOTHER_OPERATOR',
    ],
    ['an admin, of the assignee of a new order', admin, [], { assignee: 'bob' }, 409, 'ORDER_CHANGE_NOT_ALLOWED'],
    [
      'an admin, of the assignee of a paused new order',
      admin,
      ['ON_HOLD'],
      { assignee: 'bob' },
      409,
      'ORDER_CHANGE_NOT_ALLOWED',
    ],
    ['the assignee, while it is on hold', ann, [STARTED, 'ON_HOLD'], { assignee: 'bob' }, 200, undefined],
    ['the assignee, when it is completed', ann, [STARTED, COMPLETED], { assignee: 'bob' }, 200, undefined],
    ['the assignee, in packaging', ann, [STARTED, COMPLETED, 'PACKAGING'], { assignee: 'bob' }, 200, undefined],
    [
      'an admin, when it is shipped',
      admin,
      [STARTED, COMPLETED, 'PACKAGING', 'SHIPPED'],
      { priority: 'LOW' },
      409,
      'ORDER_CHANGE_NOT_ALLOWED',
    ],
    [
      'an admin, when it is closed',
      admin,
      [STARTED, COMPLETED, 'PACKAGING', 'SHIPPED', 'CLOSED'],
      { dueAt: DUE },
      409,
      'ORDER_CHANGE_NOT_ALLOWED',
    ],
    ['an admin, when it is cancelled', admin, ['CANCELLED'], { priority: 'LOW' }, 409, 'ORDER_CHANGE_NOT_ALLOWED'],
  ])('is decided by role, assignee and status: %s', async (_, by, path, body, status, code) => {
    const id = await createAt(...path);
    const before = await read(id);
    const answer = await edit(by, id, body);
    if (status === 200) {
      expect(answer).toMatchObject({ status, body: { ...body, version: before.version + 1 } });
      return;
    }
    const { currentStatus, currentVersion, assignee } = answer.body as unknown as Record<string, unknown>;
    expectProblem(answer, {
      ...{ status, code: code ?? '' },
      ...(status === 400 && { fields: ['dueAt'] }),
      members:
        code === 'ORDER_OF_ANOTHER_OPERATOR' || status === 409
          ? { currentStatus: before.status, currentVersion: before.version, ...(before.assignee && { assignee }) }
          : {},
    });
    expect([currentStatus, currentVersion, assignee].every((one) => one === undefined)).toBe(
      status === 400 || code === 'ROLE_MISSING',
    );
    await expectUntouched(id, before);
  });

  it('writes nothing if the order has the values, whoever asks', async () => {
    const id = await createAt(STARTED);
    expect((await edit(admin, id, { dueAt: DUE })).status).toBe(200);
    const [before, changes] = [await read(id), await counted('mes_order_field_changes_total')];
    expect(changes).toBeGreaterThan(0);
    const stream = await follow();
    const same: [Caller, object][] = [
      [bob, { priority: 'NORMAL', assignee: 'ann' }],
      [admin, { dueAt: '2099-05-17T09:30:00.0004Z' }],
      [ann, { assignee: 'ann' }],
    ];
    for (const [by, body] of same) {
      for (const ifMatch of [undefined, '"3"', '*']) {
        expect(await edit(by, id, body, ifMatch)).toMatchObject({ status: 200, body: before });
      }
    }
    const next = await create();
    await eventually(() => stream.news.length > 0);
    stream.drop();
    expect(stream.news.map(({ data }) => data.id)).toEqual([next]);
    expect(await read(id)).toEqual(before);
    expect((await historyOf(id)).changes).toHaveLength(1);
    expect(await counted('mes_order_field_changes_total')).toBe(changes);
  });

  it.each([[['CANCELLED']], [[STARTED, COMPLETED, 'PACKAGING', 'SHIPPED']]])(
    'writes nothing if the order has the values, even after %j',
    async (path) => {
      const id = await createAt(...path);
      const before = await read(id);
      expect(await edit(bob, id, { priority: 'NORMAL' })).toMatchObject({ status: 200, body: before });
      await expectUntouched(id, before);
    },
  );

  it('is refused with the present state if others kept changing the order, and not as if the caller had named a version', async () => {
    const id = await create();
    const before = await read(id);
    // As if each attempt came too late.
    await table.query(`
      CREATE FUNCTION come_too_late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
      CREATE TRIGGER come_too_late BEFORE UPDATE ON orders
        FOR EACH ROW WHEN (OLD.id = '${id}') EXECUTE FUNCTION come_too_late();
    `);
    try {
      const members = { currentStatus: 'NEW', currentVersion: 1 };
      const refused = await edit(ann, id, { priority: 'HIGH' });
      expectProblem(refused, { status: 409, code: 'ORDER_CHANGE_NOT_ALLOWED', members });
      expect(refused.body).toMatchObject({ detail: expect.stringContaining('Try again') as unknown });
      expect(await edit(ann, id, { priority: 'HIGH' }, '"1"')).toMatchObject({ status: 409 });
    } finally {
      await table.query('DROP FUNCTION come_too_late() CASCADE');
    }
    await expectUntouched(id, before);
  });

  it('honours If-Match, and accepts a repeated change of the same caller', async () => {
    const id = await create();
    const mismatch = {
      ...{ status: 412, code: 'ORDER_VERSION_MISMATCH' },
      members: { currentStatus: 'NEW', currentVersion: 2 },
    };
    expectProblem(await edit(ann, id, { priority: 'HIGH' }, '"2"'), {
      ...mismatch,
      members: { currentStatus: 'NEW', currentVersion: 1 },
    });
    const { body } = await edit(ann, id, { priority: 'HIGH' }, '"1"');
    expect(body).toMatchObject({ priority: 'HIGH', version: 2 });
    expect(await edit(ann, id, { priority: 'HIGH' }, '"1"')).toMatchObject({ status: 200, body });
    expectProblem(await edit(bob, id, { priority: 'HIGH' }, '"1"'), mismatch);
    expectProblem(await edit(ann, id, { priority: 'LOW' }, '"1"'), mismatch);
    for (const ifMatch of ['2', '', 'abc']) {
      expectProblem(await edit(ann, id, { priority: 'LOW' }, ifMatch), {
        ...{ status: 400, code: 'INPUT_INVALID', fields: ['If-Match'] },
      });
    }
    expect((await historyOf(id)).changes).toHaveLength(1);
  });

  it('is answered with 404 for an unknown order', async () => {
    expectProblem(await edit(admin, randomUUID(), { priority: 'LOW' }), { status: 404, code: 'ORDER_NOT_FOUND' });
  });

  it('loses none of 20 concurrent changes', async () => {
    const id = await createAt(STARTED);
    const names = Array.from({ length: 20 }, (_, i) => `operator-${i}`);
    const answers = await Promise.all(names.map((assignee) => edit(admin, id, { assignee })));
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200));
    expect(new Set(answers.map(({ body }) => body.version)).size).toBe(20);
    const { changes } = await historyOf(id);
    expect(changes.map(({ version }) => version)).toEqual(names.map((_, i) => i + 3));
    // Each change begins where the one before has ended.
    expect(changes.map(({ from }) => from)).toEqual(['ann', ...changes.slice(0, -1).map(({ to }) => to)]);
    expect((await read(id)).assignee).toBe(changes.at(-1)?.to);
  });

  it('is made by one of 10 concurrent changes with the same If-Match', async () => {
    const id = await createAt(STARTED);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => edit(admin, id, { assignee: `operator-${i}` }, '"2"')),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(412)]);
  });

  it('never lets two operators have one order, when it is handed over, given back and taken at once', async () => {
    const operators = ['ann', 'bob', 'cid', 'dan'].map((subject): Caller => ({ role: 'operator', subject }));
    for (let round = 0; round < 10; round += 1) {
      const id = await createAt(STARTED);
      const attempts = operators.flatMap((by, i) => {
        const next = operators[(i + 1) % operators.length]?.subject;
        return [
          async () => edit(by, id, { assignee: next }),
          async () => step(by, id, 'NEW'),
          async () => step(by, id, STARTED),
        ];
      });
      const answers = await Promise.all([...attempts, ...attempts].map((attempt) => attempt()));
      expect(answers.every(({ status }) => [200, 403, 409].includes(status))).toBe(true);

      // The history explains each owner, and who made each change was entitled to it.
      const { items, changes } = await historyOf(id);
      const all = [...items, ...changes] as unknown as { version: number; by: string; from: string; to: string }[];
      all.sort((a, b) => a.version - b.version);
      expect(all.map(({ version }) => version)).toEqual(all.map((_, i) => i + 2));
      let owner: string | undefined;
      for (const { by, from, to } of all) {
        if (to === STARTED) {
          expect({ from, owner }).toEqual({ from: 'NEW', owner: undefined });
          owner = by;
        } else {
          expect(by).toBe(owner);
          owner = to === 'NEW' ? undefined : to;
        }
      }
      const order = await read(id);
      expect({ assignee: order.assignee, version: order.version }).toEqual({
        assignee: owner,
        version: all.length + 1,
      });
      expect(order.status).toBe(owner === undefined ? 'NEW' : STARTED);
    }
  });
});

describe('a refused status change', () => {
  it('tells the state for which it was refused, although the order has changed again since', async () => {
    const id = await createAt(STARTED);
    // As if the assignee gave the order back right after the refusal.
    await table.query(`
      CREATE FUNCTION give_back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        UPDATE orders SET status = 'NEW', previous_status = status, assignee = NULL, version = version + 1 WHERE id = '${id}';
        RETURN NULL;
      END $$;
      CREATE TRIGGER give_back AFTER UPDATE ON orders
        FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION give_back();
    `);
    try {
      const refused = await step(bob, id, STARTED);
      expectProblem(refused, {
        ...{ status: 409, code: 'ORDER_TRANSITION_NOT_ALLOWED' },
        members: { currentStatus: STARTED, currentVersion: 2, assignee: 'ann' },
      });
      expect(refused.body).toMatchObject({ detail: `The order is ${STARTED} and cannot become ${STARTED}.` });
    } finally {
      await table.query('DROP FUNCTION give_back() CASCADE');
    }
    await eventually(async () => (await read(id)).status === 'NEW');
  });
});

describe('giving an order back to the queue', () => {
  it('is for its assignee and admins', async () => {
    for (const by of [ann, admin]) {
      const id = await createAt(STARTED);
      const before = await read(id);
      expect(before.nextStatuses).toEqual([COMPLETED, 'ON_HOLD', 'NEW']);
      const members = { currentStatus: STARTED, currentVersion: 2, assignee: 'ann' };
      expectProblem(await step(bob, id, 'NEW'), { status: 403, code: 'ORDER_OF_ANOTHER_OPERATOR', members });
      await expectUntouched(id, before);

      const { body } = await step(by, id, 'NEW');
      expect(body).toMatchObject({ status: 'NEW', version: 3, nextStatuses: [STARTED, 'ON_HOLD', 'CANCELLED'] });
      expect(body).not.toHaveProperty('assignee');
      expect((await step(bob, id, STARTED)).body).toMatchObject({ assignee: 'bob' });
    }
  });

  it('leaves an order with the one to whom it was handed over', async () => {
    const id = await createAt(STARTED);
    await edit(ann, id, { assignee: 'bob' });
    const members = { currentStatus: STARTED, currentVersion: 3, assignee: 'bob' };
    expectProblem(await step(ann, id, 'NEW'), { status: 403, code: 'ORDER_OF_ANOTHER_OPERATOR', members });
    expect((await step(bob, id, 'NEW')).status).toBe(200);
  });
});

describe('the status of several orders', () => {
  function changeAll(
    by: Caller,
    ids: readonly (string | object)[],
    to: string | object,
  ): Promise<ApiAnswer<{ results: Result[] }>> {
    const orders = ids.map((id) => (typeof id === 'string' ? { id } : id));
    const change = typeof to === 'string' ? changeTo(to) : to;
    return call(by, 'PATCH', '/status', { body: { ...change, orders } });
  }

  it('changes order by order: each has its own result, in the order of the request', async () => {
    const unknown = randomUUID();
    const [first, taken, second, old, mine] = [
      ...[await create(), await createAt(STARTED), await create(), await create(), await create()],
    ] as [string, string, string, string, string];
    await step(bob, mine, STARTED);
    await edit(admin, old, { priority: 'LOW' });
    const stream = await follow();
    const { status, body } = await changeAll(
      bob,
      [taken, second.toUpperCase(), unknown, { id: first, version: 1 }, { id: old, version: 1 }, mine],
      STARTED,
    );
    expect(status).toBe(200);
    const refused = { status: 409, code: 'ORDER_TRANSITION_NOT_ALLOWED', detail: expect.any(String) as unknown };
    expect(body.results).toEqual([
      { ...refused, id: taken, currentStatus: STARTED, currentVersion: 2, assignee: 'ann' },
      { id: second, status: 200, order: await read(second) },
      { id: unknown, status: 404, code: 'ORDER_NOT_FOUND', detail: expect.any(String) as unknown },
      { id: first, status: 200, order: await read(first) },
      {
        ...{ id: old, status: 412, code: 'ORDER_VERSION_MISMATCH', detail: expect.any(String) as unknown },
        ...{ currentStatus: 'NEW', currentVersion: 2 },
      },
      // Taken by an earlier request of the same caller.
      { id: mine, status: 200, order: await read(mine) },
    ]);
    expect(await read(first)).toMatchObject({ status: STARTED, assignee: 'bob', version: 2 });
    expect(await read(old)).toMatchObject({ status: 'NEW' });
    await eventually(() => stream.news.length === 2);
    stream.drop();
    expect(new Set(stream.news.map(({ data }) => data.id))).toEqual(new Set([first, second]));
  });

  it('changes with the comment and the reason, and can be repeated', async () => {
    const ids = await Promise.all(Array.from({ length: 50 }, () => create()));
    const pause = { status: 'ON_HOLD', reason: 'TOOL_DOWN', comment: 'The furnace is cold.' };
    const first = await changeAll(ann, ids, pause);
    expect(first.body.results.map(({ id, status }) => [id, status])).toEqual(ids.map((id) => [id, 200]));
    expect((await changeAll(ann, ids, pause)).body).toEqual(first.body);
    expect(await read(ids[17] ?? '')).toMatchObject({ holdReason: 'TOOL_DOWN', version: 2 });
    expect((await historyOf(ids[17] ?? '')).items).toEqual([
      expect.objectContaining({ to: 'ON_HOLD', by: 'ann', reason: 'TOOL_DOWN', comment: 'The furnace is cold.' }),
    ]);
  });

  it('gives each order to exactly one of the operators who take them at once, singly and together', async () => {
    for (let round = 0; round < 5; round += 1) {
      const ids = await Promise.all(Array.from({ length: 12 }, () => create()));
      const names = Array.from({ length: 8 }, (_, i) => `operator-${i}`);
      const callers = names.map((subject): Caller => ({ role: 'operator', subject }));
      const taken = await Promise.all(
        callers.map(async (by, i) => {
          // In another order each: their row locks must not deadlock.
          const rotated = [...ids.slice(i), ...ids.slice(0, i)];
          const shuffled = i % 2 === 0 ? rotated : rotated.toReversed();
          if (i > 5) {
            const answers = await Promise.all(shuffled.map((id) => step(by, id, STARTED)));
            return answers.flatMap(({ status, body }) => (status === 200 ? [body.id] : []));
          }
          const { status, body } = await changeAll(by, shuffled, STARTED);
          expect(status).toBe(200);
          expect(body.results.map(({ id }) => id)).toEqual(shuffled);
          return body.results.flatMap(({ id, status: one }) => (one === 200 ? [id] : []));
        }),
      );
      expect(taken.flat().sort()).toEqual([...ids].sort());
      for (const id of ids) {
        expect((await read(id)).assignee).toBe(names[taken.findIndex((own) => own.includes(id))]);
        expect((await historyOf(id)).items).toHaveLength(1);
      }
    }
  });
});

describe('a partner', () => {
  it('may cancel its own orders while they are new, and nothing else', async () => {
    const id = await create();
    const before = await read(id, partner);
    expect(before.nextStatuses).toEqual(['CANCELLED']);
    const other: Caller = { role: 'partner', subject: 'partner-2' };
    expectProblem(await step(other, id, 'CANCELLED'), { status: 404, code: 'ORDER_NOT_FOUND' });
    for (const to of [STARTED, 'ON_HOLD', 'NEW', 'CLOSED']) {
      expectProblem(await step(partner, id, to), { status: 403, code: 'ROLE_MISSING' });
    }
    expectProblem(await edit(partner, id, { priority: 'URGENT' }), { status: 403, code: 'ROLE_MISSING' });
    expect(await read(id, partner)).toEqual(before);

    const { body } = await step(partner, id, { status: 'CANCELLED', comment: 'Ordered twice' }, '"1"');
    expect(body).toMatchObject({ status: 'CANCELLED', version: 2, nextStatuses: [] });
    expect(await read(id, partner)).toEqual(body);
    expect((await historyOf(id)).items).toEqual([
      expect.objectContaining({ from: 'NEW', to: 'CANCELLED', by: 'partner-1', comment: 'Ordered twice' }),
    ]);
  });

  it.each([[[STARTED]], [['ON_HOLD']], [[STARTED, 'ON_HOLD']]])('may not cancel an order after %j', async (path) => {
    const id = await createAt(...path);
    const before = await read(id);
    expect((await read(id, partner)).nextStatuses).toEqual([]);
    expect((await step(partner, id, 'CANCELLED')).status).toBe(409);
    await expectUntouched(id, before);
  });

  it('gets its order cancelled or an operator gets it, never both', async () => {
    for (let round = 0; round < 10; round += 1) {
      const id = await create();
      const answers = await Promise.all([step(partner, id, 'CANCELLED'), step(ann, id, STARTED)]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
      expect((await historyOf(id)).items).toHaveLength(1);
    }
  });

  it('who is a viewer too sees all orders, and cancels only its own', async () => {
    const id = await create();
    const own = newOrder();
    const [api] = instances;
    const token = await api.token(['viewer', 'partner'], 'both');
    const cancel = { method: 'PATCH', token, body: { status: 'CANCELLED' } };
    const { body } = await api.call<Order>('/api/v1/orders', { method: 'POST', token, body: own });
    expect((await api.call(`/api/v1/orders/${id}`, { token })).status).toBe(200);
    const refused = await api.call(`/api/v1/orders/${id}/status`, cancel);
    expectProblem(refused, { status: 403, code: 'ROLE_MISSING' });
    expect((await api.call(`/api/v1/orders/${id}`, { token })).body).toMatchObject({ status: 'NEW', version: 1 });
    expect((await api.call(`/api/v1/orders/${body.id}/status`, cancel)).status).toBe(200);
  });
});

describe('the reason of a pause', () => {
  it('is shown while the order is on hold, and in the history of each pause', async () => {
    const id = await create();
    const pauses = [
      [{ reason: 'MATERIAL_MISSING' }, 'MATERIAL_MISSING', undefined],
      [{ reason: 'OTHER', comment: 'Fire drill' }, 'OTHER', 'Fire drill'],
      [{ comment: 'No gold' }, 'OTHER', 'No gold'],
      [{ reason: 'BREAK', comment: 'Lunch' }, 'BREAK', 'Lunch'],
    ] as const;
    for (const [how, holdReason] of pauses) {
      const { body } = await step(ann, id, { status: 'ON_HOLD', ...how });
      expect(body).toMatchObject({ status: 'ON_HOLD', holdReason });
      expect(await read(id)).toEqual(body);
      expect((await step(ann, id, 'NEW')).body).not.toHaveProperty('holdReason');
    }
    const { items } = await historyOf(id);
    expect(items.filter(({ to }) => to === 'ON_HOLD').map(({ reason, comment }) => [reason, comment])).toEqual(
      pauses.map(([, reason, comment]) => [reason, comment]),
    );
    expect(items.filter(({ to }) => to === 'NEW').every(({ reason }) => reason === undefined)).toBe(true);
  });

  it('ends with the pause, also when the order is cancelled', async () => {
    const id = await createAt('ON_HOLD');
    expect((await step(ann, id, 'CANCELLED')).body).not.toHaveProperty('holdReason');
  });
});

describe('the time in each status', () => {
  it('adds up the past times of each status, and names when the present one began', async () => {
    const id = await create();
    const { createdAt } = await read(id);
    expect(await historyOf(id)).toEqual({
      ...{ items: [], changes: [], timeInStatus: {} },
      current: { status: 'NEW', since: createdAt },
    });
    for (const to of [STARTED, 'ON_HOLD', STARTED, 'NEW', STARTED, COMPLETED]) await step(ann, id, to);
    await edit(ann, id, { priority: 'LOW' });
    // One minute, two minutes, four minutes, …
    await table.query(
      `UPDATE order_status_changes SET changed_at = $2::timestamptz + (2 ^ (version - 1) - 1) * interval '1 minute'
       WHERE order_id = $1 AND to_status IS NOT NULL`,
      [id, createdAt],
    );
    await eventually(async () => (await historyOf(id)).timeInStatus.NEW !== undefined);
    await eventually(async () => {
      const { timeInStatus, current } = await historyOf(id);
      if (timeInStatus.NEW !== (1 + 16) * MINUTE) return false;
      expect(timeInStatus).toEqual({
        NEW: (1 + 16) * MINUTE,
        [STARTED]: (2 + 8 + 32) * MINUTE,
        ON_HOLD: 4 * MINUTE,
      });
      const since = new Date(Date.parse(createdAt) + 63 * MINUTE).toISOString();
      expect(current).toEqual({ status: COMPLETED, since });
      return true;
    });
  });
});

describe('the cache', () => {
  const LISTS = [
    ...['?status=NEW', '?status=NEW&priority=HIGH', '?priority=URGENT', '?sort=-priority&limit=5', '?sort=dueAt'],
    ...[
      '?assignee=ann',
      '?assignee=bob&status=MANUFACTURING_STARTED',
      '?status=ON_HOLD',
      '?status=CANCELLED&limit=200',
    ],
    ...['?holdReason=QUESTION', '?holdReason=QUESTION&sort=-priority', '/count?holdReason=QUESTION', '?number=1'],
    ...['?dueBefore=2099-06-01T00:00:00Z', '?status=NEW&sort=dueAt', '?status=NEW&sort=-priority', '?q=ring', ''],
    ...[
      '/count?status=NEW',
      '/count?status=NEW&priority=HIGH',
      '/count?assignee=bob',
      '/count?dueBefore=2099-06-01T00:00:00Z',
    ],
  ];

  it('shows nothing older than any of these writes, in no list, through no instance', async () => {
    const [id, other] = [await create(), await create({ priority: 'URGENT' })];
    const paths = (by: Caller): string[] => [
      ...LISTS.map((query) => `/orders${query}`),
      ...[`/orders/${id}`, `/orders/${id}/history`, `/orders/${other}`],
      ...(by.role === 'partner' ? [] : ['/dashboard/statuses', '/dashboard/throughput', '/dashboard/workload']),
    ];
    const readAll = async (): Promise<Map<string, { status: number; cache: string | null; body: unknown }>> => {
      const seen = new Map<string, { status: number; cache: string | null; body: unknown }>();
      for (const [i, api] of instances.entries()) {
        for (const by of [ann, partner]) {
          for (const path of paths(by)) {
            const token = await api.token(by.role, by.subject);
            const { status, headers, body } = await api.call(`/api/v1${path}`, { token });
            const shown = { ...body, asOf: undefined };
            seen.set(`${i} ${by.role} ${path}`, { status, cache: headers.get('cache-status'), body: shown });
          }
        }
      }
      return seen;
    };
    const bodies = (seen: Awaited<ReturnType<typeof readAll>>): unknown =>
      [...seen].map(([name, { status, body }]) => ({ name, status, body }));
    const both = (status: string): object => ({ orders: [{ id }, { id: other }], ...changeTo(status) });
    const writes: [string, () => Promise<ApiAnswer<unknown>>][] = [
      ['a higher priority', () => edit(ann, id, { priority: 'HIGH' })],
      ['a due date', () => edit(admin, id, { dueAt: DUE })],
      ['a lower priority and no due date', () => edit(admin, id, { priority: 'LOW', dueAt: null })],
      ['taking several', () => call(ann, 'PATCH', '/status', { body: both(STARTED) })],
      ['handing over', () => edit(ann, id, { assignee: 'bob' })],
      ['giving back', () => step(bob, id, 'NEW')],
      ['pausing several', () => call(ann, 'PATCH', '/status', { body: both('ON_HOLD') })],
      ['a priority on hold', () => edit(ann, other, { priority: 'HIGH' })],
      ['resuming', () => step(ann, id, 'NEW')],
      ['cancelling', () => step(partner, id, 'CANCELLED')],
    ];
    for (const [name, write] of writes) {
      // The dashboard of another hour differs without a write.
      await eventually(() => Date.now() % HOUR < HOUR - MINUTE, 2 * MINUTE);
      // On a busy machine, an instance may distrust its cache for a moment.
      const warm = await eventually(async () => {
        const seen = await readAll();
        return [...seen.values()].every(({ cache }) => /^mes-(near|redis); hit$/.test(cache ?? '')) && seen;
      });
      expect({ name, status: (await write()).status }).toEqual({ name, status: 200 });

      const cached = await readAll();
      expect(bodies(cached)).not.toEqual(bodies(warm));
      const [api] = instances;
      const evict = { method: 'POST', token: await api.token('admin'), body: { tags: ['epoch'] } };
      expect((await api.call('/api/v1/cache/evictions', evict)).status).toBe(202);
      expect({ name, bodies: bodies(cached) }).toEqual({ name, bodies: bodies(await readAll()) });
    }
  });

  it('keeps what a change of fields leaves as it was: the counts, lists of other statuses, and all if nothing changes', async () => {
    const id = await create();
    const paths = [
      ...[
        '/dashboard/statuses',
        '/dashboard/throughput',
        '/orders?status=ON_HOLD&limit=3',
        '/orders?status=CANCELLED&sort=dueAt',
      ],
      ...['/orders?holdReason=QUESTION', '/orders/count?holdReason=QUESTION'],
    ];
    const ownPaths = [`/orders/${id}`, '/orders?status=NEW&limit=3'];
    const statuses = async (asked = paths): Promise<(string | null)[]> =>
      Promise.all(
        asked.map(async (path) => {
          const [api] = instances;
          return (await api.call(`/api/v1${path}`, { token: await api.token('operator') })).headers.get('cache-status');
        }),
      );
    await statuses();
    const hits = paths.map(() => 'mes-near; hit');
    expect(await statuses()).toEqual(hits);
    expect((await edit(ann, id, { priority: 'URGENT' })).status).toBe(200);
    expect(await statuses()).toEqual(hits);

    await statuses(ownPaths);
    expect((await edit(ann, id, { priority: 'URGENT' })).status).toBe(200);
    expect(await statuses(ownPaths)).toEqual(ownPaths.map(() => 'mes-near; hit'));
  });

  it('shows which of several orders were taken although the database fails before all answers are known', async () => {
    const [taken, first, second] = [await createAt(STARTED), await create(), await create()];
    const list = async (api: OrdersApi): Promise<ApiAnswer<{ items: readonly Order[] }>> =>
      api.call('/api/v1/orders?status=NEW', { token: await api.token('operator') });
    const stream = await follow();
    /** The instances notice that a table was replaced, and begin a new epoch. */
    const epochs = (count: number): Promise<unknown> =>
      eventually(() => stream.news.filter(({ event }) => event === 'reset').length === count);
    // What was refused is looked up in the history, which from now on takes rows and gives none.
    await table.query(`
      ALTER TABLE order_status_changes RENAME TO kept_status_changes;
      CREATE FUNCTION out_of_memory() RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$
        BEGIN RAISE 'out of memory' USING ERRCODE = '53200'; END $$;
      CREATE VIEW order_status_changes AS SELECT * FROM kept_status_changes WHERE out_of_memory();
    `);
    try {
      await epochs(1);
      for (const api of instances) {
        await eventually(async () => (await list(api)).headers.get('cache-status') === 'mes-near; hit');
      }
      const body = { orders: [taken, first, second].map((id) => ({ id })), ...changeTo(STARTED) };
      expectProblem(await call(ann, 'PATCH', '/status', { body }), { status: 503, code: 'OUTCOME_UNKNOWN' });
      for (const api of instances) {
        const ids = (await list(api)).body.items.map(({ id }) => id);
        expect(ids.filter((id) => [first, second].includes(id))).toEqual([]);
      }
    } finally {
      await table.query(`
        DROP VIEW order_status_changes;
        DROP FUNCTION out_of_memory();
        ALTER TABLE kept_status_changes RENAME TO order_status_changes;
      `);
    }
    await epochs(2);
    stream.drop();
    expect(await read(first)).toMatchObject({ status: STARTED, assignee: 'ann' });
  });
});
