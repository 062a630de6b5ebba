import { prepareDatabase } from '@mes/database';
import { ORDER_STATUSES, type OrderStatus } from '../../apps/mes-api/src/orders/order-status.js';
import { ORDER_SORTS, type Order, type OrderSort } from '../../apps/mes-api/src/orders/order.js';
import { listOrdersSql, positionAfter } from '../../apps/mes-api/src/orders/repository/list-orders.sql.js';
import type { ListOrders, PagePosition } from '../../apps/mes-api/src/orders/repository/orders.repository.js';
import { OrdersTable } from '../support/orders-table.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly Plan[];
}

/** Enough to make it worth PostgreSQL's while to choose its plans with care. */
const ORDERS = 20_000;
const LIMIT = 50;

function nodesOf(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

/** How many rows a node was given or has read. */
function rowsInto({ Plans = [], ...node }: Plan): number {
  const given = Plans.map((child) => child['Actual Rows'] * child['Actual Loops']);
  const read =
    node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
  return given.length > 0 ? given.reduce((sum, rows) => sum + rows, 0) : read * node['Actual Loops'];
}

describe('a page of a list', () => {
  let database: TestDatabase;
  let table: OrdersTable;

  beforeAll(async () => {
    database = await createTestDatabase();
    await prepareDatabase({ url: database.url, patience: 10_000 });
    table = await OrdersTable.connect(database.url);
    await table.query(
      `INSERT INTO orders (id, source, customer_id, customer_name, product_name, material, quantity, priority, due_at,
         status, previous_status, assignee, created_by, created_at)
       SELECT gen_random_uuid(), 'SHOP', 'C', 'Customer ' || n, 'Ring ' || n % 50, 'Gold', 1,
         (enum_range(NULL::order_priority))[1 + n % 4],
         CASE WHEN n % 3 > 0 THEN timestamptz '2032-01-01Z' + n * interval '1 minute' END,
         -- Nothing old is NEW any more: without the status, an index of the oldest has to be read by half.
         (enum_range(NULL::order_status))[CASE WHEN n > ${ORDERS / 2} AND n % 4 = 0 THEN 1 ELSE 2 + n % 7 END],
         'NEW', 'operator-1', 'partner-' || n % 10,
         timestamptz '2031-01-01Z' + n * interval '1 minute'
       FROM generate_series(1, ${ORDERS}) AS n`,
    );
    await table.query('ANALYZE orders');
  });

  afterAll(async () => {
    await table.close();
    await database.drop();
  });

  function list(sort: OrderSort, status: OrderStatus[] | undefined, limit: number, after?: PagePosition): ListOrders {
    return { sort, filter: { status }, limit, after, visibility: { scope: 'all' } };
  }

  /** Far down the list. */
  async function positionIn(sort: OrderSort, status: OrderStatus[] | undefined): Promise<PagePosition> {
    const { sql, parameters } = listOrdersSql(
      list(sort, status, ORDERS / 10),
      'o.id, o.priority, o.created_at AS "createdAt", o.due_at AS "dueAt"',
    );
    const last = (await table.query<Order>(sql, parameters)).at(-1);
    if (!last) throw new Error('the list is empty');
    return positionAfter(last, sort);
  }

  async function planOf(sort: OrderSort, status: OrderStatus[] | undefined, after?: PagePosition): Promise<Plan> {
    const { sql, parameters } = listOrdersSql(list(sort, status, LIMIT, after), 'o.*');
    const [row] = await table.query<{ 'QUERY PLAN': { Plan: Plan }[] }>(
      `EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`,
      parameters,
    );
    const plan = row?.['QUERY PLAN'][0]?.Plan;
    if (!plan) throw new Error('EXPLAIN gave no plan');
    return plan;
  }

  const asked: (OrderStatus[] | undefined)[] = [
    undefined,
    ...ORDER_STATUSES.map((status) => [status]),
    ['NEW', 'ON_HOLD', 'CLOSED'],
    [...ORDER_STATUSES],
  ];
  const cases = ORDER_SORTS.flatMap((sort) =>
    asked.flatMap((status) => [false, true].map((further) => ({ sort, status, further }))),
  );

  it.each(cases)('is read off an index: %j', async (asked) => {
    const { sort, status, further } = asked;
    const plan = await planOf(sort, status, further ? await positionIn(sort, status) : undefined);
    expect(plan['Actual Rows']).toBe(LIMIT + 1);

    const most = (LIMIT + 1) * (status?.length ?? 1);
    for (const node of nodesOf(plan)) {
      const type = node['Node Type'];
      expect(type).not.toMatch(/^(Seq|Bitmap Heap) Scan$/);
      // The whole point: how many rows are read has nothing to do with how many there are.
      expect({ type, few: rowsInto(node) <= most }).toEqual({ type, few: true });
      if (status === undefined || status.length === 1) expect(type).not.toMatch(/Sort/);
    }
  });
});
