import { randomUUID } from 'node:crypto';
import { eventually } from '../support/eventually.js';
import { expectProblem } from '../support/expect-problem.js';
import { OrdersApi, type ApiAnswer, type ApiRequest } from '../support/orders-api.js';
import { OrdersTable } from '../support/orders-table.js';
import { RedisServer } from '../support/redis-server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { changeTo, newOrder } from '../support/test-orders.js';

interface Order {
  readonly id: string;
  readonly status: string;
  readonly nextStatuses: string[];
  readonly assignee?: string;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

interface History {
  readonly items: { from: string; to: string; by: string; at: string; version: number; comment?: string }[];
}

const STATUSES = [
  ...['NEW', 'MANUFACTURING_STARTED', 'MANUFACTURING_COMPLETED', 'PACKAGING'],
  ...['SHIPPED', 'CLOSED', 'ON_HOLD', 'CANCELLED'],
];

/** The allowed status changes after each path of statuses, written independently of the API. */
const LIFE: readonly { readonly path: readonly string[]; readonly next: readonly string[] }[] = [
  { path: [], next: ['MANUFACTURING_STARTED', 'ON_HOLD', 'CANCELLED'] },
  { path: ['MANUFACTURING_STARTED'], next: ['MANUFACTURING_COMPLETED', 'ON_HOLD', 'NEW'] },
  { path: ['MANUFACTURING_STARTED', 'NEW'], next: ['MANUFACTURING_STARTED', 'ON_HOLD', 'CANCELLED'] },
  { path: ['MANUFACTURING_STARTED', 'MANUFACTURING_COMPLETED'], next: ['PACKAGING', 'MANUFACTURING_STARTED'] },
  { path: ['MANUFACTURING_STARTED', 'MANUFACTURING_COMPLETED', 'PACKAGING'], next: ['SHIPPED'] },
  { path: ['MANUFACTURING_STARTED', 'MANUFACTURING_COMPLETED', 'PACKAGING', 'SHIPPED'], next: ['CLOSED'] },
  { path: ['MANUFACTURING_STARTED', 'MANUFACTURING_COMPLETED', 'PACKAGING', 'SHIPPED', 'CLOSED'], next: [] },
  { path: ['ON_HOLD'], next: ['NEW', 'CANCELLED'] },
  { path: ['MANUFACTURING_STARTED', 'ON_HOLD'], next: ['MANUFACTURING_STARTED', 'CANCELLED'] },
  { path: ['ON_HOLD', 'NEW'], next: ['MANUFACTURING_STARTED', 'ON_HOLD', 'CANCELLED'] },
  { path: ['ON_HOLD', 'NEW', 'MANUFACTURING_STARTED', 'ON_HOLD'], next: ['MANUFACTURING_STARTED', 'CANCELLED'] },
  {
    path: ['MANUFACTURING_STARTED', 'ON_HOLD', 'MANUFACTURING_STARTED'],
    next: ['MANUFACTURING_COMPLETED', 'ON_HOLD', 'NEW'],
  },
  { path: ['CANCELLED'], next: [] },
  { path: ['MANUFACTURING_STARTED', 'ON_HOLD', 'CANCELLED'], next: [] },
];

describe('the life of an order', () => {
  let database: TestDatabase;
  let redis: RedisServer;
  let api: OrdersApi;
  let table: OrdersTable;
  let partner: string;
  let operator: string;

  beforeAll(async () => {
    [database, redis] = await Promise.all([createTestDatabase(), RedisServer.start()]);
    api = await OrdersApi.start({ databaseUrl: database.url, redisUrl: redis.url });
    table = await OrdersTable.connect(database.url);
    [partner, operator] = await Promise.all([api.token('partner'), api.token('operator')]);
  });

  afterAll(async () => {
    await table.close();
    await api.stop();
    await redis.stop();
    await database.drop();
  });

  function post<T = Order>(body: unknown, request: ApiRequest = {}): Promise<ApiAnswer<T>> {
    return api.call<T>('/api/v1/orders', { method: 'POST', token: partner, body, ...request });
  }

  async function create(changes: Readonly<Record<string, unknown>> = {}): Promise<Order> {
    const { status, body } = await post(newOrder(changes));
    expect(status).toBe(201);
    return body;
  }

  function move<T = Order>(id: string, to: string, request: ApiRequest = {}): Promise<ApiAnswer<T>> {
    const body = changeTo(to);
    return api.call<T>(`/api/v1/orders/${id}/status`, { method: 'PATCH', token: operator, body, ...request });
  }

  async function createAt(path: readonly string[]): Promise<Order> {
    let { body: order } = await get((await create()).id);
    for (const step of path) {
      const { status, body } = await move(order.id, step);
      expect({ step, status }).toEqual({ step, status: 200 });
      order = body;
    }
    return order;
  }

  function get<T = Order>(id: string, request: ApiRequest = {}): Promise<ApiAnswer<T>> {
    return api.call<T>(`/api/v1/orders/${id}`, { token: operator, ...request });
  }

  describe('creating', () => {
    it('stores every property, and answers with the order’s location and version', async () => {
      const sent = {
        externalId: 'WEB-88213',
        source: 'CRM',
        customer: { id: 'C-20418', name: 'Мария Соколова 💍' },
        product: { name: "Перстень «Signet» Ø 17,5 — 'oval'", modelUrl: 'https://models.example.com/oval.stl?v=2' },
        material: 'Золото 585 % _ \\',
        quantity: 10_000,
        price: { amount: '1234.50', currency: 'EUR' },
        priority: 'URGENT',
        dueAt: '2099-05-17T09:30:00.123Z',
        comment: 'Zeile 1\nZeile 2\t日本語 e\u0301 👩‍👩‍👧',
      };
      const { status, headers, body } = await post(sent);

      expect(status).toBe(201);
      expect(body).toEqual({
        ...sent,
        id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/) as unknown,
        number: expect.any(Number) as unknown,
        status: 'NEW',
        nextStatuses: ['CANCELLED'],
        version: 1,
        createdBy: 'partner-1',
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as unknown,
        updatedAt: body.createdAt,
      });
      expect(headers.get('location')).toBe(`/api/v1/orders/${body.id}`);
      expect(headers.get('etag')).toBe('"1"');
      const found = await api.call(headers.get('location') ?? '', { token: partner });
      expect(found).toMatchObject({ status: 200, body });
    });

    it('omits absent properties, and uses NORMAL as the default priority', async () => {
      const order = await create();
      expect(order).toMatchObject({ priority: 'NORMAL' });
      expect(Object.keys(order).sort()).toEqual(
        [
          ...['id', 'number', 'source', 'customer', 'product', 'material', 'quantity', 'priority', 'status'],
          ...['nextStatuses', 'version', 'createdBy', 'createdAt', 'updatedAt'],
        ].sort(),
      );
    });

    it.each(['0', '0.1', '0.10', '1234.50', '1.0000', '999999999999.9999', '0.0001'])(
      'keeps the price %s exactly',
      async (amount) => {
        const { id } = await create({ price: { amount, currency: 'JPY' } });
        const { body } = await get<{ price: unknown }>(id);
        expect(body.price).toEqual({ amount, currency: 'JPY' });
        const [row] = await table.query('SELECT price_amount::text AS amount FROM orders WHERE id = $1', [id]);
        expect(row).toEqual({ amount });
      },
    );

    it('accepts a due date with any offset, and shows it in UTC', async () => {
      expect(await create({ dueAt: '2099-01-01T00:30:00+03:00' })).toMatchObject({ dueAt: '2098-12-31T21:30:00.000Z' });
    });

    it('gives increasing numbers and ids', async () => {
      const [first, second] = [await create(), await create()] as unknown as { number: number; id: string }[];
      expect(second?.number).toBeGreaterThan(first?.number ?? Infinity);
      expect((second?.id ?? '') > (first?.id ?? '')).toBe(true);
    });

    it('refuses an externalId that the partner has used, but not one that another partner has used', async () => {
      const body = newOrder({ externalId: 'TWICE' });
      const other = await api.token('partner', 'partner-2');
      expect((await post(body)).status).toBe(201);
      expectProblem(await post(body), { status: 409, code: 'ORDER_EXTERNAL_ID_TAKEN' });
      expect((await post(body, { token: other })).status).toBe(201);
    });

    it('creates one order from 20 concurrent requests with the same externalId', async () => {
      const body = newOrder({ externalId: 'AT-ONCE' });
      const answers = await Promise.all(Array.from({ length: 20 }, () => post(body)));
      expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(19).fill(409)]);
      for (const answer of answers.filter(({ status }) => status === 409)) {
        expectProblem(answer, { status: 409, code: 'ORDER_EXTERNAL_ID_TAKEN' });
      }
      expect(await table.query(`SELECT FROM orders WHERE external_id = 'AT-ONCE'`)).toHaveLength(1);
    });
  });

  describe('creating with an Idempotency-Key', () => {
    /** The status and the unparsed body of the response. */
    async function postText(key: string, body: unknown, token = partner): Promise<{ status: number; text: string }> {
      const response = await fetch(`${api.url}/api/v1/orders`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify(body),
      });
      expect(response.headers.get('etag')).toBe(response.ok ? '"1"' : null);
      const text = await response.text();
      if (response.ok)
        expect(response.headers.get('location')).toBe(`/api/v1/orders/${(JSON.parse(text) as Order).id}`);
      return { status: response.status, text };
    }

    it('repeats the first response byte for byte, even after changes of the order', async () => {
      const key = randomUUID();
      const price = { amount: '12.30', currency: 'EUR' };
      const request = newOrder({ price, dueAt: '2099-01-01T00:00:00Z', comment: 'ü', externalId: key });
      const first = await postText(key, request);
      expect(first.status).toBe(201);
      expect(await postText(key, request)).toEqual(first);

      const { id } = JSON.parse(first.text) as Order;
      expect((await move(id, 'MANUFACTURING_STARTED')).status).toBe(200);
      expect((await move(id, 'ON_HOLD')).status).toBe(200);
      expect(await postText(key, request)).toEqual(first);
      const body = { priority: 'URGENT', dueAt: '2099-06-01T00:00:00Z' };
      const token = await api.token('admin');
      expect((await api.call(`/api/v1/orders/${id}`, { method: 'PATCH', token, body })).status).toBe(200);
      expect(await postText(key, request)).toEqual(first);
      expect((await get(id)).body).toMatchObject({ status: 'ON_HOLD', version: 4, priority: 'URGENT' });
    });

    it('repeats the first response also if that had no due date', async () => {
      const key = randomUUID();
      const first = await postText(key, newOrder());
      const { id } = JSON.parse(first.text) as Order;
      const body = { dueAt: '2099-06-01T00:00:00Z' };
      const token = await api.token('admin');
      expect((await api.call(`/api/v1/orders/${id}`, { method: 'PATCH', token, body })).status).toBe(200);
      expect(await postText(key, newOrder())).toEqual(first);
    });

    it('accepts an equivalent body in another notation', async () => {
      const key = randomUUID();
      const { dueAt, ...rest } = newOrder({ priority: 'NORMAL', dueAt: '2099-01-01T03:00:00+03:00' });
      const first = await postText(key, { ...rest, dueAt });
      expect(await postText(key, { dueAt: '2099-01-01T00:00:00.000Z', ...rest, priority: undefined })).toEqual(first);
    });

    it.each([
      { quantity: 2 },
      { price: { amount: '1.0', currency: 'EUR' } },
      { price: { amount: '1', currency: 'USD' } },
      { price: undefined },
      { comment: 'more' },
      { externalId: 'other' },
      { priority: 'LOW' },
      { dueAt: '2099-01-01T00:00:00.001Z' },
      { product: { name: 'Signet ring', modelUrl: 'https://example.com/a' } },
      { customer: { id: 'C-2', name: 'Мария Соколова' } },
    ])('refuses another body: %j', async (changes) => {
      const key = randomUUID();
      const body = newOrder({ price: { amount: '1', currency: 'EUR' }, dueAt: '2099-01-01T00:00:00Z' });
      expect((await postText(key, body)).status).toBe(201);
      const answer = await post({ ...body, ...changes }, { headers: { 'idempotency-key': key } });
      expectProblem(answer, { status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
    });

    it('keeps the keys of different callers apart', async () => {
      const key = randomUUID();
      const callers = [partner, await api.token('partner', 'partner-2'), await api.token('admin')];
      const answers = await Promise.all(callers.map((token) => postText(key, newOrder(), token)));
      expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
      expect(new Set(answers.map(({ text }) => (JSON.parse(text) as Order).id)).size).toBe(3);
    });

    it('creates one order from 20 concurrent requests, and gives all of them the same response', async () => {
      for (const externalId of [undefined, 'IDEMPOTENT-AT-ONCE']) {
        const key = randomUUID();
        const body = newOrder({ externalId });
        const answers = await Promise.all(Array.from({ length: 20 }, () => postText(key, body)));
        expect(answers[0]?.status).toBe(201);
        expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
        expect(await table.query(`SELECT FROM orders WHERE idempotency_key = $1`, [key])).toHaveLength(1);
      }
    });

    it('repeats the response even after the due date', async () => {
      const key = randomUUID();
      const dueAt = new Date(Date.now() + 5_000).toISOString();
      const first = await postText(key, newOrder({ dueAt }));
      expect(first.status).toBe(201);
      await eventually(() => Date.now() > Date.parse(dueAt));
      expect(await postText(key, newOrder({ dueAt }))).toEqual(first);
      expectProblem(await post(newOrder({ dueAt })), { status: 400, code: 'ORDER_DUE_DATE_PASSED', fields: ['dueAt'] });
    });
  });

  describe('reading', () => {
    it('shows every change in the history, oldest first', async () => {
      const { id } = await create();
      await move(id, 'MANUFACTURING_STARTED', {
        body: { status: 'MANUFACTURING_STARTED', comment: 'Schicht 1 — начали' },
      });
      const other = await api.token('operator', 'operator-2');
      const { body: last } = await move(id, 'ON_HOLD', { token: other });

      const { status, body } = await get<History>(`${id}/history`);
      expect(status).toBe(200);
      const at = expect.stringMatching(/Z$/) as unknown;
      expect(body.items).toEqual([
        {
          ...{ from: 'NEW', to: 'MANUFACTURING_STARTED', by: 'operator-1', at, version: 2 },
          comment: 'Schicht 1 — начали',
        },
        {
          ...{ from: 'MANUFACTURING_STARTED', to: 'ON_HOLD', by: 'operator-2', at: last.updatedAt, version: 3 },
          reason: 'QUESTION',
        },
      ]);
    });

    it('shows an empty history of a new order', async () => {
      const { id } = await create();
      expect(await get<History>(`${id}/history`)).toMatchObject({ status: 200, body: { items: [] } });
    });

    it.each(['', '/history'])('answers 404 for an unknown order: %s', async (tail) => {
      expectProblem(await get(`${randomUUID()}${tail}`), { status: 404, code: 'ORDER_NOT_FOUND' });
    });

    it('accepts an id in capital letters', async () => {
      const order = await create();
      expect(await get(order.id.toUpperCase(), { token: partner })).toMatchObject({ status: 200, body: order });
    });

    it('answers If-None-Match with 304 exactly while the response is unchanged', async () => {
      const { id } = await create();
      const ifNoneMatch = (value: string): Promise<ApiAnswer<Order>> =>
        get(id, { headers: { 'if-none-match': value } });

      const tag = (await get(id)).headers.get('etag') ?? '';
      expect(tag).toMatch(/^"1-[\w-]{27}"$/);
      for (const value of [tag, `W/${tag}`, `"7", ${tag}`, '*']) {
        const { status, headers, body } = await ifNoneMatch(value);
        expect({ value, status, etag: headers.get('etag'), body }).toEqual({ value, status: 304, etag: tag, body: '' });
      }
      // The version alone does not identify the representation.
      for (const value of ['"1"', '"2"', '"1-AAAAAAAAAAAAAAAAAAAAAAAAAAA"']) {
        expect(await ifNoneMatch(value)).toMatchObject({ status: 200, body: { version: 1 } });
      }

      expect((await move(id, 'ON_HOLD')).headers.get('etag')).toBe('"2"');
      const { status, headers, body } = await ifNoneMatch(tag);
      expect({ status, etag: headers.get('etag'), version: body.version }).toEqual({
        status: 200,
        etag: expect.stringMatching(/^"2-[\w-]{27}"$/) as string,
        version: 2,
      });
    });

    it('returns an entity tag that If-Match accepts', async () => {
      const { id } = await create();
      const tag = (await get(id)).headers.get('etag') ?? '';
      expect((await move(id, 'ON_HOLD', { headers: { 'if-match': tag } })).status).toBe(200);
      expect((await move(id, 'NEW', { headers: { 'if-match': tag } })).status).toBe(412);
    });
  });

  describe('moving', () => {
    it.each(LIFE)('allows after NEW $path exactly $next', async ({ path, next }) => {
      const order = await createAt(path);
      expect([...order.nextStatuses].sort()).toEqual([...next].sort());

      // The operator has made the last step, so that would be a repetition.
      for (const to of STATUSES.filter((status) => !next.includes(status) && status !== order.status)) {
        expectProblem(await move(order.id, to), {
          status: 409,
          code: 'ORDER_TRANSITION_NOT_ALLOWED',
          members: {
            currentStatus: order.status,
            currentVersion: order.version,
            ...(order.assignee === undefined ? {} : { assignee: order.assignee }),
          },
        });
      }
      expect((await get(order.id)).body).toEqual(order);
      const { body: history } = await get<History>(`${order.id}/history`);
      expect(history.items.map(({ to }) => to)).toEqual(path);

      for (const to of next) {
        const { id, status: from } = await createAt(path);
        const { status, body, headers } = await move(id, to);
        expect({ to, status, etag: headers.get('etag') }).toEqual({ to, status: 200, etag: `"${path.length + 2}"` });
        expect(body).toMatchObject({ status: to, version: path.length + 2 });
        expect((await get(id)).body).toEqual(body);
        const { body: longer } = await get<History>(`${id}/history`);
        expect(longer.items.at(-1)).toMatchObject({
          from,
          to,
          by: 'operator-1',
          at: body.updatedAt,
          version: body.version,
        });
      }
    });

    it('assigns the order only to the operator who starts or redoes the work', async () => {
      const [first, second, third] = await Promise.all(
        ['ann', 'bob', 'cid'].map((name) => api.token('operator', `operator-${name}`)),
      );
      const { id } = await create();
      const steps = [
        ['ON_HOLD', first, undefined],
        ['NEW', first, undefined],
        ['MANUFACTURING_STARTED', third, 'operator-cid'],
        ['NEW', third, undefined],
        ['MANUFACTURING_STARTED', second, 'operator-bob'],
        ['ON_HOLD', first, 'operator-bob'],
        ['MANUFACTURING_STARTED', third, 'operator-bob'],
        ['MANUFACTURING_COMPLETED', third, 'operator-bob'],
        ['MANUFACTURING_STARTED', third, 'operator-cid'],
        ['MANUFACTURING_COMPLETED', first, 'operator-cid'],
        ['PACKAGING', first, 'operator-cid'],
        ['SHIPPED', second, 'operator-cid'],
        ['CLOSED', second, 'operator-cid'],
      ] as const;
      for (const [to, token, assignee] of steps) {
        const { status, body } = await move(id, to, { token });
        expect({ to, status, assignee: body.assignee }).toEqual({ to, status: 200, assignee });
      }
    });

    it('gives a new order to exactly one of 20 operators who take it at once', async () => {
      const names = Array.from({ length: 20 }, (_, i) => `operator-${i + 1}`);
      const tokens = await Promise.all(names.map((name) => api.token('operator', name)));
      for (let round = 0; round < 5; round += 1) {
        const { id } = await create();
        const answers = await Promise.all(tokens.map((token) => move(id, 'MANUFACTURING_STARTED', { token })));
        const winners = names.filter((_, i) => answers[i]?.status === 200);
        expect(winners).toHaveLength(1);
        for (const answer of answers.filter(({ status }) => status !== 200)) {
          expectProblem(answer, {
            status: 409,
            code: 'ORDER_TRANSITION_NOT_ALLOWED',
            members: { currentStatus: 'MANUFACTURING_STARTED', currentVersion: 2, assignee: winners[0] },
          });
        }
        expect((await get(id)).body).toMatchObject({ assignee: winners[0], version: 2 });
        const { body: history } = await get<History>(`${id}/history`);
        expect(history.items.map(({ by }) => by)).toEqual(winners);
      }
    });

    it('answers 404 for an unknown order', async () => {
      expectProblem(await move(randomUUID(), 'ON_HOLD'), { status: 404, code: 'ORDER_NOT_FOUND' });
    });

    it.each(['"2"', '*', '"1", "2"', '"9" , W/"9","2"', ' "2" ', '"2",', ', ,"1",, "2" ,'])(
      'moves with If-Match: %s',
      async (ifMatch) => {
        const { id } = await createAt(['MANUFACTURING_STARTED']);
        expect((await move(id, 'ON_HOLD', { headers: { 'if-match': ifMatch } })).status).toBe(200);
      },
    );

    it.each(['"1"', 'W/"2"', '"02"', '"3", "1"', '"99999999999999999999"', '"abc"', '"ü"', '""'])(
      'refuses with 412 If-Match: %s',
      async (ifMatch) => {
        const { id } = await createAt(['MANUFACTURING_STARTED']);
        const members = { currentStatus: 'MANUFACTURING_STARTED', currentVersion: 2, assignee: 'operator-1' };
        const answer = await move(id, 'ON_HOLD', { headers: { 'if-match': ifMatch } });
        expectProblem(answer, { status: 412, code: 'ORDER_VERSION_MISMATCH', members });
        // It may not have changed: a weak entity tag is refused whatever it names.
        expect(answer.body).toMatchObject({ detail: 'The order has version 2, which the request does not name.' });
        expect((await get(id)).body).toMatchObject({ status: 'MANUFACTURING_STARTED', version: 2 });
      },
    );

    it.each(['2', '', ',', ' , ,', '"2" , *', 'abc', '"2', '2"', '"1" "2"', 'w/"2"', '*, "2"', "'2'", '"2 "'])(
      'refuses with 400 If-Match: %s',
      async (ifMatch) => {
        const { id } = await createAt(['MANUFACTURING_STARTED']);
        const answer = await move(id, 'ON_HOLD', { headers: { 'if-match': ifMatch } });
        expectProblem(answer, { status: 400, code: 'INPUT_INVALID', fields: ['If-Match'] });
        expect((await get(id)).body).toMatchObject({ version: 2 });
      },
    );

    it('accepts exactly one of 10 concurrent changes with the same If-Match', async () => {
      const { id } = await createAt(['MANUFACTURING_STARTED', 'MANUFACTURING_COMPLETED']);
      const targets = Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? 'PACKAGING' : 'MANUFACTURING_STARTED'));
      const tokens = await Promise.all(targets.map((_, i) => api.token('operator', `operator-${i}`)));
      const headers = { 'if-match': '"3"' };
      const answers = await Promise.all(targets.map((to, i) => move(id, to, { token: tokens[i] ?? '', headers })));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(412)]);
    });
  });
});
