import fc from 'fast-check';
import { expectProblem } from '../support/expect-problem.js';
import { OrdersApi, type ApiAnswer } from '../support/orders-api.js';
import { OrdersTable } from '../support/orders-table.js';
import { RedisServer } from '../support/redis-server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { insertVariedOrders, newOrder, VARIED, type VariedOrder } from '../support/test-orders.js';

interface Page {
  readonly items: { readonly id: string }[];
  readonly nextCursor: string | null;
  readonly limit: number;
}

/** The query parameters of a list, as in the contract. */
interface Question {
  status?: string[] | undefined;
  priority?: string[] | undefined;
  material?: string[] | undefined;
  source?: string[] | undefined;
  assignee?: string[] | undefined;
  holdReason?: string[] | undefined;
  number?: number | undefined;
  q?: string | undefined;
  createdFrom?: Date | undefined;
  createdTo?: Date | undefined;
  dueBefore?: Date | undefined;
  sort?: string | undefined;
}

type Compare = (a: VariedOrder, b: VariedOrder) => number;

const LATER_THAN_ALL = 8.64e15;
const SORTS: Readonly<Record<string, Compare>> = {
  '-createdAt': (a, b) => Number(b.createdAt) - Number(a.createdAt) || (a.id < b.id ? 1 : -1),
  createdAt: (a, b) => Number(a.createdAt) - Number(b.createdAt) || (a.id < b.id ? -1 : 1),
  dueAt: (a, b) => Number(a.dueAt ?? LATER_THAN_ALL) - Number(b.dueAt ?? LATER_THAN_ALL) || (a.id < b.id ? -1 : 1),
  '-priority': (a, b) =>
    VARIED.priority.indexOf(b.priority) - VARIED.priority.indexOf(a.priority) ||
    Number(a.createdAt) - Number(b.createdAt) ||
    (a.id < b.id ? -1 : 1),
};

/** The expected ids of a list, computed without SQL. */
function expected(orders: readonly VariedOrder[], question: Question, creator?: string): string[] {
  const { status, priority, material, source, assignee, holdReason, number, q, createdFrom, createdTo, dueBefore } =
    question;
  const contains = ({ customerName, productName, externalId, ...order }: VariedOrder, text: string): boolean =>
    ['', customerName, productName, order.material, externalId ?? '']
      .join(' ')
      .toLowerCase()
      .includes(`${text.length < 3 ? ' ' : ''}${text.toLowerCase()}`) || String(order.number) === text;
  return orders
    .filter(
      (order) =>
        (creator === undefined || order.createdBy === creator) &&
        (status?.includes(order.status) ?? true) &&
        (priority?.includes(order.priority) ?? true) &&
        (material?.includes(order.material) ?? true) &&
        (source?.includes(order.source) ?? true) &&
        (assignee === undefined || (order.assignee !== null && assignee.includes(order.assignee))) &&
        (holdReason === undefined || (order.holdReason !== null && holdReason.includes(order.holdReason))) &&
        (number === undefined || order.number === number) &&
        (q === undefined || contains(order, q)) &&
        (createdFrom === undefined || order.createdAt >= createdFrom) &&
        (createdTo === undefined || order.createdAt < createdTo) &&
        (dueBefore === undefined || (order.dueAt !== null && order.dueAt < dueBefore)),
    )
    .sort(SORTS[question.sort ?? '-createdAt'])
    .map(({ id }) => id);
}

function queryOf(question: Question, page: Readonly<Record<string, string>> = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(question) as [string, number | string | string[] | Date | undefined][]) {
    if (value === undefined) continue;
    if (value instanceof Date) parameters.append(name, value.toISOString());
    else for (const single of [value].flat()) parameters.append(name, String(single));
  }
  for (const [name, value] of Object.entries(page)) parameters.append(name, value);
  return parameters.toString();
}

describe('lists', () => {
  let database: TestDatabase;
  let redis: RedisServer;
  let api: OrdersApi;
  let table: OrdersTable;
  let orders: VariedOrder[];
  let operator: string;
  let partner: string;

  beforeAll(async () => {
    [database, redis] = await Promise.all([createTestDatabase(), RedisServer.start()]);
    api = await OrdersApi.start({ databaseUrl: database.url, redisUrl: redis.url });
    table = await OrdersTable.connect(database.url);
    orders = await insertVariedOrders(table, 150);
    [operator, partner] = await Promise.all([api.token('operator'), api.token('partner')]);
  });

  afterAll(async () => {
    await table.close();
    await api.stop();
    await redis.stop();
    await database.drop();
  });

  function list(query: string, token = operator): Promise<ApiAnswer<Page>> {
    return api.call<Page>(`/api/v1/orders?${query}`, { token });
  }

  /** The ids on all pages. */
  async function pages(question: Question, limit: number, token = operator): Promise<string[]> {
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Record<string, string> = { limit: String(limit), ...(cursor === null ? {} : { cursor }) };
      const { status, body } = await list(queryOf(question, page), token);
      expect({ question, status, limit: body.limit }).toEqual({ question, status: 200, limit });
      expect(body.items.length).toBeLessThanOrEqual(limit);
      if (body.nextCursor !== null) expect(body.items).toHaveLength(limit);
      ids.push(...body.items.map(({ id }) => id));
      cursor = body.nextCursor;
    } while (cursor !== null && ids.length <= orders.length);
    return ids;
  }

  async function firstCursor(question: Question, token = operator): Promise<string> {
    const { body } = await list(queryOf(question, { limit: '3' }), token);
    expect(body.nextCursor).not.toBeNull();
    return body.nextCursor ?? '';
  }

  it('show the 50 newest orders by default', async () => {
    const { status, body } = await list('');
    expect(status).toBe(200);
    expect(body.limit).toBe(50);
    expect(body.items.map(({ id }) => id)).toEqual(expected(orders, {}).slice(0, 50));
  });

  it('show each order as GET of that order does', async () => {
    const { body } = await list(queryOf({ status: ['ON_HOLD'] }, { limit: '2' }));
    for (const item of body.items) {
      expect((await api.call(`/api/v1/orders/${item.id}`, { token: operator })).body).toEqual(item);
    }
  });

  describe('filtered', () => {
    const single: Question[] = [
      ...VARIED.status.map((status) => ({ status: [status] })),
      ...VARIED.priority.map((priority) => ({ priority: [priority] })),
      ...VARIED.material.map((material) => ({ material: [material] })),
      ...VARIED.source.map((source) => ({ source: [source] })),
      ...VARIED.assignee.map((assignee) => ({ assignee: [assignee] })),
      ...VARIED.holdReason.map((holdReason) => ({ holdReason: [holdReason] })),
      { createdFrom: VARIED.createdAt[4] },
      { createdTo: VARIED.createdAt[4] },
      { dueBefore: VARIED.dueAt[3] },
    ];

    it.each(single)('by %j show exactly the orders that match', async (question) => {
      const wanted = expected(orders, question);
      expect(wanted.length).toBeGreaterThan(0);
      expect(wanted.length).toBeLessThan(orders.length);
      expect(await pages(question, 200)).toEqual(wanted);
    });

    it.each<Question>([
      { status: ['NEW', 'ON_HOLD', 'CLOSED'] },
      { priority: ['LOW', 'URGENT'] },
      { material: ['Gold 585', 'Платина 950', 'none'] },
      { source: ['SHOP', 'CRM'] },
      { assignee: ['operator-1', 'operator-3'] },
      { holdReason: ['QUALITY', 'BREAK', 'QUALITY'] },
      { holdReason: ['QUALITY', 'BREAK'], status: ['NEW', 'ON_HOLD'] },
      { holdReason: VARIED.holdReason, assignee: ['operator-1', 'operator-3'] },
      { status: VARIED.status },
      { status: ['SHIPPED', 'NEW', 'SHIPPED'] },
    ])('by the repeated %j show the orders that match any of the values', async (question) => {
      expect(await pages(question, 200)).toEqual(expected(orders, question));
    });

    it.each<Question>([
      { material: ['gold 585'] },
      { material: ['Gold'] },
      { assignee: ['nobody'] },
      { holdReason: ['QUALITY'], status: ['NEW', 'CLOSED'] },
      { number: 999_999_999 },
      { number: 925 },
      { createdTo: VARIED.createdAt[0] },
      { dueBefore: VARIED.dueAt[0] },
    ])('by %j show nothing when nothing matches', async (question) => {
      expect((await list(queryOf(question))).body).toEqual({ items: [], nextCursor: null, limit: 50 });
    });

    it('by a number show the order with exactly this number, if it matches the rest as well', async () => {
      const [first, , third] = orders;
      for (const number of [first?.number, third?.number]) {
        for (const question of [{ number }, { number, status: [first?.status ?? ''] }, { number, q: 'ring' }]) {
          expect(await pages(question, 200)).toEqual(expected(orders, question));
        }
      }
      const { body } = await list(`number=000${first?.number ?? ''}`);
      expect(body.items.map(({ id }) => id)).toEqual([first?.id]);
      expect(await pages({ number: first?.number }, 200, await api.token('partner', 'partner-3'))).toEqual([]);
    });

    it('accept times with any offset, to the millisecond', async () => {
      const [first = new Date(0)] = VARIED.createdAt;
      const justAfter = encodeURIComponent(first.toISOString().replace('.000Z', '.001Z'));
      const elsewhere = encodeURIComponent('2031-01-01T05:30:00.000+05:30');
      const { body } = await list(`createdFrom=${elsewhere}&createdTo=${justAfter}&limit=200`);
      expect(body.items).toHaveLength(orders.filter(({ createdAt }) => Number(createdAt) === Number(first)).length);
    });
  });

  describe('searched', () => {
    it.each([
      'signet',
      'SIGNET RING',
      'мария',
      'МАРИЯ соколова',
      'émile',
      'ZOË',
      "d'arc",
      'o’hara',
      '50%',
      'chain_link',
      'path\\TO',
      'web_3',
      '0%_',
      'ring gold',
      ...['r', 'R', 'си', 'МА', 'o’', 'б', '5', 'w%', 'w_', 'g\\'],
    ])(
      'for %j show the orders that contain it literally, in any case; short texts only at the start of words',
      async (q) => {
        expect(await pages({ q }, 200)).toEqual(expected(orders, { q }));
      },
    );

    it('for a number show the order with that number, and those with the number in the text', async () => {
      for (const number of [orders[0]?.number, orders[17]?.number, 925]) {
        const q = String(number);
        const wanted = expected(orders, { q });
        expect(wanted.length).toBeGreaterThan(0);
        expect(await pages({ q }, 200)).toEqual(wanted);
      }
    });

    it.each(['0', '01', '999999999', '9999999999999999999999', '-1', '1.0', '1e2', '"a', "';--a", '😀a'])(
      'for %j do not fail',
      async (q) => {
        expect(await pages({ q }, 200)).toEqual(expected(orders, { q }));
      },
    );
  });

  describe.each(Object.keys(SORTS))('sorted by %s', (sort) => {
    it.each([1, 7, 200])('give the whole list in pages of %i, without duplicates or gaps', async (limit) => {
      const ids = await pages({ sort }, limit);
      expect(ids).toHaveLength(orders.length);
      expect(ids).toEqual(expected(orders, { sort }));
    });

    it.each([1, 7, 200])('merge several statuses in pages of %i', async (limit) => {
      const question = { sort, status: ['ON_HOLD', 'NEW', 'PACKAGING'] };
      expect(await pages(question, limit)).toEqual(expected(orders, question));
    });
  });

  it('sorted by due date show orders without one last', async () => {
    const ids = await pages({ sort: 'dueAt' }, 7);
    const without = new Set(orders.filter(({ dueAt }) => dueAt === null).map(({ id }) => id));
    expect(without.size).toBeGreaterThan(7);
    expect(new Set(ids.slice(-without.size))).toEqual(without);
  });

  it('show the correct orders for any query, page by page', async () => {
    const some = (values: readonly string[]): fc.Arbitrary<string[] | undefined> =>
      fc.option(fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 4 }), {
        nil: undefined,
        freq: 2,
      });
    const time = (values: readonly Date[]): fc.Arbitrary<Date | undefined> =>
      fc.option(fc.constantFrom(...values), { nil: undefined, freq: 1 });
    const question = fc.record({
      status: some(VARIED.status),
      priority: some(VARIED.priority),
      material: some(VARIED.material),
      source: some(VARIED.source),
      assignee: fc.option(fc.subarray(VARIED.assignee, { minLength: 1 }), { nil: undefined, freq: 1 }),
      holdReason: fc.option(fc.subarray(VARIED.holdReason, { minLength: 1 }), { nil: undefined, freq: 1 }),
      number: fc.option(
        fc.nat({ max: orders.length - 1 }).map((i) => orders[i]?.number),
        { nil: undefined, freq: 1 },
      ),
      q: fc.option(fc.constantFrom('мария', 'ring', '5', 'l_b'), { nil: undefined, freq: 1 }),
      createdFrom: time(VARIED.createdAt),
      createdTo: time(VARIED.createdAt),
      dueBefore: time(VARIED.dueAt),
      sort: fc.constantFrom(undefined, ...Object.keys(SORTS)),
    });
    await fc.assert(
      fc.asyncProperty(question, fc.constantFrom(7, 20, 200), fc.boolean(), async (asked, limit, asPartner) => {
        const [token, creator] = asPartner ? [partner, 'partner-1'] : [operator, undefined];
        expect(await pages(asked, limit, token)).toEqual(expected(orders, asked, creator));
      }),
      { numRuns: 40 },
    );
  });

  it('show partners only their own orders, for any query', async () => {
    for (const creator of VARIED.createdBy) {
      const token = await api.token('partner', creator);
      for (const question of [{}, { status: ['NEW', 'CLOSED'] }, { q: 'ring' }, { sort: 'dueAt' }, { q: '0%' }]) {
        expect(await pages(question, 200, token)).toEqual(expected(orders, question, creator));
      }
    }
    const stranger = await api.token('partner', 'partner-3');
    expect((await list('', stranger)).body).toEqual({ items: [], nextCursor: null, limit: 50 });
  });

  it('are the same for any order of the parameters, so that a cursor works with all of them', async () => {
    const cursor = await firstCursor({ status: ['NEW', 'ON_HOLD'], source: ['API', 'SHOP'] });
    const { status, body } = await list(`source=SHOP&status=ON_HOLD&status=NEW&source=API&status=NEW&cursor=${cursor}`);
    expect(status).toBe(200);
    const whole = expected(orders, { status: ['NEW', 'ON_HOLD'], source: ['API', 'SHOP'] });
    expect(body.items.map(({ id }) => id)).toEqual(whole.slice(3, 53));
  });

  describe('refuse a cursor', () => {
    const invalid = { status: 400, code: 'CURSOR_INVALID', fields: ['cursor'] };

    it.each<Question>([
      {},
      { status: ['NEW'] },
      { status: ['NEW', 'ON_HOLD', 'CLOSED'] },
      { status: ['NEW', 'ON_HOLD'], sort: 'createdAt' },
      { status: ['NEW', 'ON_HOLD'], priority: ['LOW'] },
      { status: ['NEW', 'ON_HOLD'], q: 'a' },
      { status: ['NEW', 'ON_HOLD'], createdFrom: VARIED.createdAt[0] },
      { priority: ['NEW', 'ON_HOLD'].map(() => 'LOW') },
    ])('of another list: %j', async (question) => {
      const cursor = await firstCursor({ status: ['NEW', 'ON_HOLD'] });
      expectProblem(await list(queryOf(question, { cursor })), invalid);
    });

    it('of a caller with another view', async () => {
      const other = await api.token('partner', 'partner-2');
      const cursor = await firstCursor({}, partner);
      expect((await list(`cursor=${cursor}`, partner)).status).toBe(200);
      expectProblem(await list(`cursor=${cursor}`, other), invalid);
      expectProblem(await list(`cursor=${cursor}`, operator), invalid);
      expectProblem(await list(`cursor=${await firstCursor({})}`, partner), invalid);
      expectProblem(await list(`cursor=${await firstCursor({}, other)}`, partner), invalid);
    });

    it('but accept that of a caller with the same view', async () => {
      const cursor = await firstCursor({});
      expect((await list(`cursor=${cursor}`, await api.token('viewer'))).status).toBe(200);
      expect((await list(`cursor=${cursor}&limit=200`, await api.token('admin'))).status).toBe(200);
    });

    it('with any single character changed, removed or added', async () => {
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      const cursor = await firstCursor({});
      const neighbour = (char: string): string => alphabet[(alphabet.indexOf(char) + 1) % alphabet.length] ?? '';
      const mangled = Array.from(cursor).flatMap((char, i) => [
        cursor.slice(0, i) + neighbour(char) + cursor.slice(i + 1),
        cursor.slice(0, i) + cursor.slice(i + 1),
      ]);
      mangled.push(`${cursor}A`, `A${cursor}`, cursor + cursor, cursor.slice(0, 22), 'A', 'AAAA', 'null', '____');
      const answers = await Promise.all(mangled.map((text) => list(`cursor=${text}`)));
      for (const answer of answers) expectProblem(answer, invalid);
    });

    it.each(['', '%20', 'abc=', 'a.b', '%00', 'ü', 'a'.repeat(513)])('that is malformed: %s', async (text) => {
      expectProblem(await list(`cursor=${text}`), { status: 400, code: 'INPUT_INVALID', fields: ['cursor'] });
    });
  });

  it('continue at the right place if orders are created and moved between two pages', async () => {
    const question = { sort: 'createdAt', status: ['NEW', 'ON_HOLD'] };
    const wanted = expected(orders, question);
    const { body: first } = await list(queryOf(question, { limit: '5' }));
    const created = await api.call<{ id: string }>('/api/v1/orders', {
      method: 'POST',
      token: partner,
      body: newOrder(),
    });
    const seen = first.items[4]?.id ?? '';
    const moved = await api.call(`/api/v1/orders/${seen}/status`, {
      method: 'PATCH',
      token: operator,
      body: { status: 'CANCELLED' },
    });
    expect(moved.status).toBe(200);

    const { body: rest } = await list(queryOf(question, { limit: '200', cursor: first.nextCursor ?? '' }));
    // The creation time of the new order is long before those of the varied orders.
    expect(rest.items.map(({ id }) => id)).toEqual(wanted.slice(5));
    const { body: start } = await list(queryOf(question, { limit: '1' }));
    expect(start.items.map(({ id }) => id)).toEqual([created.body.id]);
  });
});
