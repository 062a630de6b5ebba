import { prepareDatabase } from '@mes/database';
import type { OrderStatus } from '../../apps/mes-api/src/orders/order-status.js';
import { ORDER_SORTS, type Order, type OrderSort } from '../../apps/mes-api/src/orders/order.js';
import { listOrdersSql, positionAfter } from '../../apps/mes-api/src/orders/repository/list-orders.sql.js';
import type { PagePosition } from '../../apps/mes-api/src/orders/repository/orders.repository.js';
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
         -- The older an order is, the farther it has come: an index without the status is a long way from some of them.
         (enum_range(NULL::order_status))[8 - 8 * (n - 1) / ${ORDERS}], 'NEW', 'operator-1', 'partner-' || n % 10,
         timestamptz '2031-01-01Z' + n * interval '1 minute'
       FROM generate_series(1, ${ORDERS}) AS n`,
    );
    await table.query('ANALYZE orders');
  });

  afterAll(async () => {
    await table.close();
    await database.drop();
  });

  async function planOf(sort: OrderSort, status: OrderStatus[] | undefined, after?: PagePosition): Promise<Plan> {
    const list = { filter: { status }, sort, limit: LIMIT, after, visibility: { scope: 'all' } } as const;
    const { sql, parameters } = listOrdersSql(list, 'o.*');
    const [row] = await table.query<{ 'QUERY PLAN': { Plan: Plan }[] }>(
      `EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`,
      parameters,
    );
    const plan = row?.['QUERY PLAN'][0]?.Plan;
    if (!plan) throw new Error('EXPLAIN gave no plan');
    return plan;
  }

  const everyStatus: OrderStatus[] = [
    ...(['NEW', 'MANUFACTURING_STARTED', 'MANUFACTURING_COMPLETED', 'PACKAGING'] as const),
    ...(['SHIPPED', 'CLOSED', 'ON_HOLD', 'CANCELLED'] as const),
  ];
  const cases = ORDER_SORTS.flatMap((sort) =>
    [undefined, ['NEW'] as OrderStatus[], ['NEW', 'ON_HOLD', 'CLOSED'] as OrderStatus[], everyStatus].flatMap(
      (status) => [undefined, POSITIONS[sort]].map((after) => ({ sort, status, after })),
    ),
  );

  it.each(cases)('is read off an index: sort $sort, status $status, after $after', async ({ sort, status, after }) => {
    const plan = await planOf(sort, status, after);
    expect(plan['Actual Rows']).toBe(LIMIT + 1);

    const most = (LIMIT + 1) * (status?.length ?? 1);
    for (const node of nodesOf(plan)) {
      expect(node['Node Type']).not.toMatch(/^(Seq|Bitmap Heap) Scan$/);
      // The whole point: what is read does not grow with the number of orders.
      expect({ node: node['Node Type'], few: rowsInto(node) <= most }).toEqual({ node: node['Node Type'], few: true });
    }
    const sorts = nodesOf(plan).filter((node) => node['Node Type'].includes('Sort'));
    if (status === undefined || status.length === 1) expect(sorts).toEqual([]);
  });
});
