import { prepareDatabase } from '@mes/database';
import { ORDER_STATUSES, type OrderStatus } from '../../apps/mes-api/src/orders/order-status.js';
import {
  ORDER_PRIORITIES,
  ORDER_SORTS,
  type Order,
  type OrderPriority,
  type OrderSort,
} from '../../apps/mes-api/src/orders/order.js';
import { orderPageSql, positionAfter } from '../../apps/mes-api/src/orders/repository/order-page.sql.js';
import {
  orderTotalSql,
  totalOf,
  type Counted,
  type CountingLimits,
} from '../../apps/mes-api/src/orders/repository/order-total.sql.js';
import type {
  OrderPageRequest,
  OrderFilter,
  OrderTotal,
} from '../../apps/mes-api/src/orders/repository/orders.repository.js';
import { OrdersTable } from '../support/orders-table.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

interface Plan {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly Plan[];
}

/** A list of all orders or of one creator's orders. */
interface Asked {
  readonly filter: OrderFilter;
  readonly creator?: string;
  readonly sort: OrderSort;
}

/** Enough orders for plans to differ in cost. */
const ORDERS = 20_000;
const LIMIT = 50;
const PAGE = LIMIT + 1;
const FIRST = '2031-01-01T00:00:00Z';

/** The creation time of the order with this number. */
function arrival(n: number): Date {
  return new Date(Date.parse(FIRST) + n * 10 * 60_000);
}

function nodesOf(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

/** The number of rows that a node received from its children or read itself. */
function rowsInto({ Plans = [], ...node }: Plan): number {
  const given = Plans.map((child) => child['Actual Rows'] * child['Actual Loops']);
  const read =
    node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
  return given.length > 0 ? given.reduce((sum, rows) => sum + rows, 0) : read * node['Actual Loops'];
}

/** The number of orders that were read, including those that were filtered out. */
function ordersRead(plan: Plan): number {
  return nodesOf(plan)
    .filter((node) => node['Relation Name'] === 'orders')
    .reduce((sum, node) => sum + rowsInto({ ...node, Plans: [] }), 0);
}

/** The indexes that were really used. */
function indexesUsed(plan: Plan): string[] {
  const used = nodesOf(plan).filter((node) => node['Actual Loops'] > 0);
  return [...new Set(used.flatMap((node) => node['Index Name'] ?? []))].sort();
}

describe('a page of a list', () => {
  let database: TestDatabase;
  let table: OrdersTable;

  beforeAll(async () => {
    database = await createTestDatabase();
    await prepareDatabase({ url: database.url, patience: 60_000 });
    table = await OrdersTable.connect(database.url);
    // All columns are independent, except that old orders are not NEW and due dates are some days after the creation. So
    // without the status, half of an index in order of creation would have to be read.
    await table.query(
      `INSERT INTO orders (id, external_id, source, customer_id, customer_name, product_name, material, quantity,
         priority, due_at, status, previous_status, hold_reason, assignee, created_by, created_at)
       SELECT gen_random_uuid(), 'WEB-' || n, (enum_range(NULL::order_source))[1 + chance(n, 1) % 3], 'C',
         (ARRAY['Мария Соколова', 'Ann Smith', 'Zoë Müller', 'Пётр Объедков'])[1 + chance(n, 2) % 4],
         CASE WHEN n % 200 = 0 THEN 'Серьги' WHEN n % 5000 = 3 THEN 'Тиара «Полярная»' WHEN n % 5000 = 4 THEN 'Tiara' ELSE 'Ring' END,
         (ARRAY['Gold 585', 'Silver 925', 'Brass'])[1 + chance(n, 3) % 3], 1,
         (enum_range(NULL::order_priority))[1 + chance(n, 4) % 4],
         CASE WHEN chance(n, 5) % 3 > 0 THEN $1::timestamptz + n * interval '10 minutes' + (24 + chance(n, 6) % 100) * interval '1 hour' END,
         status, 'NEW', CASE status WHEN 'ON_HOLD' THEN (enum_range(NULL::hold_reason))[1 + n % 6] END, 'operator-' || chance(n, 9) % 5, 'partner-' || chance(n, 10) % 5,
         $1::timestamptz + n * interval '10 minutes'
       FROM (
         SELECT n, (enum_range(NULL::order_status))[CASE WHEN n > ${ORDERS / 2} AND chance(n, 7) % 4 = 0 THEN 1 ELSE 2 + chance(n, 8) % 7 END] AS status
         FROM generate_series(1, ${ORDERS}) AS n
       ) AS planned`.replace(/chance\(n, (\d+)\)/g, '(hashint8extended(n, $1) & 1048575)::integer'),
      [FIRST],
    );
    await table.query('VACUUM ANALYZE orders');
  });

  afterAll(async () => {
    await table.close();
    await database.drop();
  });

  function list({ filter, creator, sort }: Asked): OrderPageRequest {
    const visibility = creator === undefined ? { scope: 'all' as const } : { scope: 'own' as const, creator };
    return { sort, filter, limit: LIMIT, visibility };
  }

  /** The page that begins after a number of orders. */
  async function further(asked: Asked, passed: number): Promise<OrderPageRequest> {
    const { sql, parameters } = orderPageSql(
      { ...list(asked), limit: passed - 1 },
      'o.id, o.priority, o.created_at AS "createdAt", o.due_at AS "dueAt"',
    );
    const last = (await table.query<Order>(sql, parameters)).at(-1);
    if (!last) throw new Error('the list is empty');
    return { ...list(asked), after: positionAfter(last, asked.sort) };
  }

  function planOf(page: OrderPageRequest): Promise<Plan> {
    return explain(orderPageSql(page, 'o.*'));
  }

  async function explain({ sql, parameters }: { sql: string; parameters: unknown[] }): Promise<Plan> {
    const [row] = await table.query<{ 'QUERY PLAN': { Plan: Plan }[] }>(
      `EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`,
      parameters,
    );
    const plan = row?.['QUERY PLAN'][0]?.Plan;
    if (!plan) throw new Error('EXPLAIN gave no plan');
    return plan;
  }

  async function idsOf(page: OrderPageRequest): Promise<string[]> {
    const { sql, parameters } = orderPageSql(page, 'o.id');
    return (await table.query<{ id: string }>(sql, parameters)).map(({ id }) => id);
  }

  /** The simplest condition for a filter. */
  function plainCondition(filter: OrderFilter, creator: string | undefined): { where: string; parameters: unknown[] } {
    return {
      where: `WHERE ($1::text[] IS NULL OR status::text = ANY($1)) AND ($2::text[] IS NULL OR material = ANY($2))
         AND ($3::text[] IS NULL OR assignee = ANY($3)) AND ($4::text[] IS NULL OR priority::text = ANY($4))
         AND ($5::text[] IS NULL OR source::text = ANY($5)) AND ($6::text IS NULL OR created_by = $6)
         AND ($7::timestamptz IS NULL OR created_at >= $7) AND ($8::timestamptz IS NULL OR created_at < $8)
         AND ($9::timestamptz IS NULL OR due_at < $9)
         AND ($10::text IS NULL OR number::text = $10 OR strpos(
           lower(concat_ws(' ', '', customer_name, product_name, material, external_id)),
           CASE WHEN length($10) < 3 THEN ' ' ELSE '' END || lower($10)) > 0)
         AND ($11::text[] IS NULL OR hold_reason::text = ANY($11)) AND ($12::integer IS NULL OR number = $12)`,
      parameters: [
        ...[filter.status, filter.material, filter.assignee, filter.priority, filter.source, creator],
        ...[filter.createdFrom, filter.createdTo, filter.dueBefore, filter.q],
        ...[filter.holdReason, filter.number],
      ],
    };
  }

  /** The expected ids of a page, from the simplest statement. */
  async function plainly({ filter, creator, sort }: Asked, offset = 0): Promise<string[]> {
    const order = {
      '-createdAt': 'created_at DESC, id DESC',
      createdAt: 'created_at, id',
      dueAt: 'due_at NULLS LAST, id',
      '-priority': 'priority DESC, created_at, id',
    }[sort];
    const { where, parameters } = plainCondition(filter, creator);
    const rows = await table.query<{ id: string }>(
      `SELECT id FROM orders ${where} ORDER BY ${order} OFFSET ${offset} LIMIT ${PAGE}`,
      parameters,
    );
    return rows.map(({ id }) => id);
  }

  const some: OrderStatus[] = ['NEW', 'ON_HOLD', 'CLOSED'];
  /** Lists, each with the number of index ranges that contain it. */
  const questions: (Omit<Asked, 'sort'> & { readonly ranges: number })[] = [
    { filter: {}, ranges: 8 },
    ...ORDER_STATUSES.map((status) => ({ filter: { status: [status] }, ranges: 1 })),
    { filter: { status: some }, ranges: 3 },
    { filter: { status: [...ORDER_STATUSES] }, ranges: 8 },
    { filter: {}, creator: 'partner-3', ranges: 8 },
    { filter: { status: ['NEW'] }, creator: 'partner-3', ranges: 1 },
    { filter: { status: some }, creator: 'partner-3', ranges: 3 },
    { filter: { material: ['Brass'] }, ranges: 8 },
    { filter: { material: ['Brass'], status: ['NEW'] }, ranges: 1 },
    { filter: { material: ['Brass', 'Gold 585'], status: some }, ranges: 6 },
    { filter: { assignee: ['operator-2'] }, ranges: 8 },
    { filter: { assignee: ['operator-2'], status: ['CLOSED'] }, ranges: 1 },
    { filter: { assignee: ['operator-2', 'operator-4'], status: ['CLOSED'] }, ranges: 2 },
    { filter: { holdReason: ['QUALITY'], status: ['ON_HOLD'] }, ranges: 1 },
    { filter: { holdReason: ['QUALITY', 'BREAK'], status: ['ON_HOLD'] }, ranges: 2 },
  ];
  const everySort = <T extends object>(asked: readonly T[]): (T & { readonly sort: OrderSort })[] =>
    asked.flatMap((question) => ORDER_SORTS.map((sort) => ({ ...question, sort })));

  async function expectFewRows(page: OrderPageRequest, ranges: number): Promise<void> {
    const plan = await planOf(page);
    expect(plan['Actual Rows']).toBe(PAGE);
    // The number of rows that are read must not depend on the number of orders. A merge of several ranges compares one row of
    // each, and then fetches the orders of the page.
    const most = ranges === 1 ? PAGE : 2 * PAGE + ranges;
    for (const node of nodesOf(plan)) {
      const type = node['Node Type'];
      expect(type).not.toMatch(/^(Seq|Bitmap Heap) Scan$/);
      expect({ type, few: rowsInto(node) <= most }).toEqual({ type, few: true });
      if (ranges === 1) expect(type).not.toMatch(/Sort/);
    }
  }

  it.each(everySort(questions))('is read from an index: %j', async ({ ranges, ...asked }) => {
    await expectFewRows(list(asked), ranges);
    await expectFewRows(await further(asked, 100), ranges);
    expect(await idsOf(list(asked))).toEqual(await plainly(asked));
    expect(await idsOf(await further(asked, 100))).toEqual(await plainly(asked, 100));
  });

  it('needs each index of the table', async () => {
    const used = new Set<string>();
    for (const asked of everySort<Omit<Asked, 'sort'>>([
      ...questions,
      { filter: { q: 'тиара' } },
      { filter: { q: 'ян' } },
    ])) {
      for (const name of indexesUsed(await planOf(list(asked)))) used.add(name);
    }
    // Unique indexes serve constraints, and one index is for the late orders of the dashboard.
    const others = await table.query<{ name: string }>(
      `SELECT indexrelid::regclass::text AS name FROM pg_index
       WHERE indrelid = 'orders'::regclass AND NOT indisunique AND indexrelid <> 'orders_unfinished_by_due'::regclass`,
    );
    expect(others.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
    expect(others.length).toBeGreaterThan(0);
  });

  it.each<Asked>([
    // The index contains the times of each priority in order.
    { filter: { priority: ['LOW'] }, sort: '-createdAt' },
    { filter: { priority: ['LOW', 'HIGH'], status: ['NEW'] }, sort: 'createdAt' },
    { filter: { priority: ['LOW'] }, sort: '-priority' },
    { filter: { priority: ['LOW'], status: ['CLOSED'] }, sort: '-priority' },
    { filter: { priority: ['LOW', 'URGENT'], status: some }, creator: 'partner-1', sort: '-priority' },
    { filter: { createdFrom: arrival(ORDERS / 2) }, sort: 'createdAt' },
    { filter: { createdTo: arrival(ORDERS / 2) }, sort: '-createdAt' },
    { filter: { createdFrom: arrival(ORDERS / 2), status: ['CLOSED'] }, sort: '-priority' },
  ])('begins at the first possible order: %j', async (asked) => {
    expect(ordersRead(await planOf(list(asked)))).toBeLessThan(ORDERS / 10);
    expect(await idsOf(list(asked))).toEqual(await plainly(asked));
  });

  it.each<Asked & { readonly looksAt: RegExp }>([
    // No order is due long before its creation.
    { filter: { createdFrom: arrival(ORDERS / 2) }, sort: 'dueAt', looksAt: /due_sort >= / },
    { filter: { createdFrom: arrival(ORDERS / 2), status: ['CLOSED'] }, sort: 'dueAt', looksAt: /due_sort >= / },
    { filter: { dueBefore: arrival(ORDERS / 2) }, sort: '-createdAt', looksAt: /created_at < / },
    { filter: { dueBefore: arrival(ORDERS / 2), status: ['CLOSED'] }, sort: '-createdAt', looksAt: /created_at < / },
    { filter: { dueBefore: arrival(ORDERS / 2) }, creator: 'partner-3', sort: '-createdAt', looksAt: /created_at < / },
    // The index itself skips other orders.
    { filter: { createdTo: arrival(ORDERS / 2), status: ['CLOSED'] }, sort: 'dueAt', looksAt: /created_at < / },
    { filter: { dueBefore: arrival(ORDERS / 2), status: ['CLOSED'] }, sort: 'createdAt', looksAt: /due_sort < / },
  ])('begins at the first possible order, and reads no other: %j', async ({ looksAt, ...asked }) => {
    const plan = await planOf(list(asked));
    for (const node of nodesOf(plan)) {
      if (node['Relation Name'] !== 'orders' || node['Index Name'] === 'orders_pkey') continue;
      expect(node['Index Cond']).toMatch(looksAt);
      expect(node['Rows Removed by Filter'] ?? 0).toBe(0);
    }
    expect(await idsOf(list(asked))).toEqual(await plainly(asked));
  });

  it.each(everySort([{ filter: { number: 4_003 } }, { filter: { number: 4_003 }, creator: 'partner-3' }]))(
    'is looked up by the number of an order: %j',
    async (asked) => {
      expect(ordersRead(await planOf(list(asked)))).toBeLessThanOrEqual(2);
      expect(await idsOf(list(asked))).toEqual(await plainly(asked));
    },
  );

  describe('with a text', () => {
    const byText = (texts: readonly string[]): Asked[] =>
      everySort(
        texts.flatMap((q) => [
          { filter: { q } },
          { filter: { q }, creator: 'partner-3' },
          { filter: { q, status: ['NEW' as const] } },
          { filter: { q, status: some, material: ['Brass', 'Gold 585'] } },
        ]),
      );

    it.each(
      byText([
        'ring',
        'МАРИЯ',
        'müller',
        'brass',
        'объедков',
        'web-1',
        'zz',
        'Серьги',
        'WEB-12345',
        '4003',
        'Br',
        'м',
        'w',
      ]),
    )('shows all orders that contain it: %j', async (asked) => {
      expect(await idsOf(list(asked))).toEqual(await plainly(asked));
    });

    it.each(everySort(['ring', 'мария', 'Müller'].map((q) => ({ filter: { q } }))))(
      'that is frequent, is found by reading the list: %j',
      async (asked) => {
        const plan = await planOf(list(asked));
        expect(indexesUsed(plan)).not.toContain('orders_by_text');
        expect(ordersRead(plan)).toBeLessThan(ORDERS / 20);
      },
    );

    it.each(
      everySort(
        [
          ...['Tiara', 'тиара', 'ПОЛЯРНАЯ', 'web-12345', 'nothing has it', 'q.zz'].map(
            (q) => [q, 'orders_by_text'] as const,
          ),
          // What has no three letters, digits and blanks in a row has no trigram.
          ...['zz', 'ян', '5ж', 'ш', 'bp', 'ж--', 'z %', 'я _ .'].map((q) => [q, 'orders_by_word_start'] as const),
        ].map(([q, index]) => ({ filter: { q }, index })),
      ),
    )('that is rare, is looked up in an index: %j', async ({ index, ...asked }) => {
      const plan = await planOf(list(asked));
      expect(indexesUsed(plan)).toContain(index);
      // Most of these orders are the sample from the list.
      expect(ordersRead(plan)).toBeLessThan(1_200);
    });
  });

  describe('has a total', () => {
    type Counting = Pick<Asked, 'filter' | 'creator'>;

    /** Low enough to be reached, and to tell reading them from reading all orders. */
    const LOW: CountingLimits = { counted: 400, read: 1_500, matches: 3_000 };
    /** Beyond all orders. */
    const HIGH: CountingLimits = { counted: 2 * ORDERS, read: 2 * ORDERS, matches: 2 * ORDERS };

    function totalSql({ filter, creator }: Counting, limits: CountingLimits): ReturnType<typeof orderTotalSql> {
      return orderTotalSql(filter, creator === undefined ? { scope: 'all' } : { scope: 'own', creator }, limits);
    }

    async function total(asked: Counting, limits: CountingLimits): Promise<OrderTotal> {
      const { sql, parameters } = totalSql(asked, limits);
      return totalOf(asked.filter, await table.query<Counted>(sql, parameters), limits);
    }

    async function plainTotal({ filter, creator }: Counting): Promise<OrderTotal> {
      const { where, parameters } = plainCondition(filter, creator);
      const rows = await table.query<{ status: OrderStatus; priority: OrderPriority; n: number }>(
        `SELECT status, priority, count(*)::integer AS n FROM orders ${where} GROUP BY status, priority`,
        parameters,
      );
      const sum = (some: typeof rows): number => some.reduce((all, { n }) => all + n, 0);
      const by = (column: 'status' | 'priority', values: readonly string[]): Record<string, number> =>
        Object.fromEntries(values.map((value) => [value, sum(rows.filter((row) => row[column] === value))]));
      return {
        count: sum(rows),
        isExact: true,
        byStatus: by('status', filter.status ?? ORDER_STATUSES),
        byPriority: by('priority', filter.priority ?? ORDER_PRIORITIES),
      };
    }

    const priority: OrderPriority[] = ['URGENT', 'LOW'];
    const countings: Counting[] = [
      ...questions.map(({ filter, creator }) => ({ filter, ...(creator === undefined ? {} : { creator }) })),
      ...questions.map(({ filter, creator }) => ({
        filter: { ...filter, priority },
        ...(creator === undefined ? {} : { creator }),
      })),
      ...[
        { source: ['CRM' as const] },
        { dueBefore: arrival(ORDERS / 2) },
        { dueBefore: arrival(ORDERS / 2), priority, material: ['Brass'] },
        { dueBefore: arrival(ORDERS / 2), createdTo: arrival(ORDERS / 3) },
        { dueBefore: arrival(ORDERS / 2), createdFrom: arrival(ORDERS / 3) },
        { createdFrom: arrival(ORDERS / 3), createdTo: arrival(ORDERS / 2) },
        { material: ['Brass', 'Gold 585', 'Silver 925', 'none', 'nothing'], source: ['API' as const] },
        { material: ['Brass'], assignee: ['operator-2'] },
        { holdReason: ['QUALITY' as const] },
        { holdReason: ['QUALITY' as const, 'BREAK' as const], assignee: ['operator-2'], priority },
        { number: 4_003 },
        { number: 4_003, q: 'tiara', source: ['CRM' as const] },
        ...['ring', 'Серьги', 'tiara', 'WEB-12345', '4003', 'м', 'nothing has it'].map((q) => ({ q })),
      ].flatMap((filter) => [
        { filter },
        { filter: { ...filter, status: ['NEW' as const] } },
        { filter, creator: 'partner-3' },
      ]),
    ];

    it.each(countings)('of exactly the orders that it shows: %j', async (asked) => {
      expect(await total(asked, HIGH)).toEqual(await plainTotal(asked));
    });

    it.each(countings)(
      'that is at most the true one where counting has a limit, and then says so: %j',
      async (asked) => {
        const [limited, exact] = await Promise.all([total(asked, LOW), plainTotal(asked)]);
        if (limited.isExact) expect(limited).toEqual(exact);
        else expect(limited).toEqual({ count: expect.any(Number) as number, isExact: false });
        expect(limited.count).toBeLessThanOrEqual(exact.count);
        const isMaintained = Object.keys({ ...asked, ...asked.filter }).every((key) =>
          /filter|status|priority/.test(key),
        );
        if (isMaintained) expect(limited.isExact).toBe(true);
        else if (exact.count > LOW.counted) expect(limited.isExact).toBe(false);
      },
    );

    it.each(countings)('that is found with a limited number of orders: %j', async (asked) => {
      const plan = await explain(totalSql(asked, LOW));
      const ranges = 32;
      expect(ordersRead(plan)).toBeLessThanOrEqual(2 * LOW.read + ranges);
    });

    it.each<[counting: Counting, isLookedUp: boolean]>([
      [{ filter: { q: 'Серьги' } }, true],
      [{ filter: { q: 'tiara' }, creator: 'partner-3' }, true],
      [{ filter: { q: 'tiara', source: ['CRM'] } }, true],
      // Each fourth order has it.
      [{ filter: { q: 'мария' } }, false],
      [{ filter: { q: 'мария' }, creator: 'partner-3' }, false],
      [{ filter: { q: 'мария', source: ['CRM'] } }, false],
    ])('that needs all matches of a text only if the text is rare: %j, %j', async (asked, isLookedUp) => {
      const plan = await explain(totalSql(asked, LOW));
      expect(indexesUsed(plan).includes('orders_by_text')).toBe(isLookedUp);
      const { count, isExact } = await total(asked, LOW);
      expect(isExact).toBe(isLookedUp);
      if (!isLookedUp) expect(count).toBeGreaterThan(LOW.counted / 20);
    });

    it.each<Counting>([{ filter: { number: 4_003 } }, { filter: { holdReason: ['QUALITY'], status: ['ON_HOLD'] } }])(
      'that reads no other orders: %j',
      async (asked) => {
        const { count } = await total(asked, HIGH);
        expect(ordersRead(await explain(totalSql(asked, LOW)))).toBeLessThanOrEqual(count);
      },
    );

    it.each<Counting>([{ filter: {} }, { filter: { status: ['NEW'] } }, { filter: { status: some, priority } }])(
      'that is maintained, without reading any order: %j',
      async (asked) => {
        const plan = await explain(totalSql(asked, LOW));
        expect(nodesOf(plan).map((node) => node['Relation Name'])).not.toContain('orders');
      },
    );
  });
});
