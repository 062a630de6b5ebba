import type { Order, OrderSort } from '../order.js';
import type { ListOrders, PagePosition } from './orders.repository.js';

/** How a sort is read off an index: every column in one direction, so that a page begins at one place of the index. */
interface SortedColumns {
  readonly columns: readonly { readonly sql: string; readonly type: string }[];
  readonly direction: 'ASC' | 'DESC';
  readonly position: (order: Order) => readonly string[];
}

const CREATED = { sql: 'created_at', type: 'timestamptz' };

const SORTS: Readonly<Record<OrderSort, SortedColumns>> = {
  '-createdAt': { columns: [CREATED], direction: 'DESC', position: ({ createdAt }) => [createdAt.toISOString()] },
  createdAt: { columns: [CREATED], direction: 'ASC', position: ({ createdAt }) => [createdAt.toISOString()] },
  dueAt: {
    columns: [{ sql: 'due_sort', type: 'timestamptz' }],
    direction: 'ASC',
    position: ({ dueAt }) => [dueAt?.toISOString() ?? 'infinity'],
  },
  '-priority': {
    columns: [{ sql: 'urgency', type: 'smallint' }, CREATED],
    direction: 'ASC',
    position: ({ priority, createdAt }) => [String(URGENCY[priority]), createdAt.toISOString()],
  },
};

/** As the column `urgency` has it. */
const URGENCY: Readonly<Record<Order['priority'], number>> = { URGENT: 0, HIGH: 1, NORMAL: 2, LOW: 3 };

/** The position just after this order, in this sort. */
export function positionAfter(order: Order, sort: OrderSort): PagePosition {
  return { values: SORTS[sort].position(order), id: order.id };
}

/**
 * One page, and one row more to tell whether there is a next one, in one statement.
 *
 * With several statuses, each contributes a page off its own index, and only those few rows are merged: one scan with
 * `status IN (…)` would have to sort all that match. A status is asked for as a range that it is alone in, and sorted by:
 * with `status = …`, PostgreSQL would rather filter an index without the status, which takes ever longer the farther away
 * the orders with this status are from where the list begins.
 *
 * @param selected the columns to select, of the table alias `o`
 */
export function listOrdersSql(list: ListOrders, selected: string): { sql: string; parameters: unknown[] } {
  const parameters: unknown[] = [];
  const bind = (value: unknown): string => `$${parameters.push(value)}`;
  const { columns, direction } = SORTS[list.sort];
  const sortKeys = [...columns.map(({ sql }) => sql), 'id'];
  const limit = bind(list.limit + 1);

  const common = filterConditions(list, bind);
  const position = list.after && positionOf(list.after, SORTS[list.sort], bind);
  const selectPage = (status?: string): string => {
    const conditions = [...common, ...(status === undefined ? [] : [`o.status >= ${status}`, `o.status <= ${status}`])];
    const statusKey = status === undefined ? [] : ['status'];
    // A row comparison, which PostgreSQL turns into the place of the index where the page begins.
    if (position) {
      const keys = [...statusKey, ...sortKeys].map((key) => `o.${key}`);
      const values = [...(status === undefined ? [] : [status]), ...position];
      conditions.push(`(${keys.join(', ')}) ${direction === 'ASC' ? '>' : '<'} (${values.join(', ')})`);
    }
    return `
      SELECT ${selected}, ${sortKeys.map((key, i) => `o.${key} AS sort_${i}`).join(', ')}
      FROM orders o
      ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
      ORDER BY ${[...statusKey, ...sortKeys].map((key) => `o.${key} ${direction}`).join(', ')}
      LIMIT ${limit}`;
  };
  const { status: statuses } = list.filter;
  const selects = statuses ? statuses.map((status) => selectPage(`${bind(status)}::order_status`)) : [selectPage()];
  if (selects.length === 1) return { sql: selects[0] ?? '', parameters };

  const sql = `
    SELECT * FROM (${selects.map((select) => `(${select})`).join(' UNION ALL ')}) AS page
    ORDER BY ${sortKeys.map((_, i) => `sort_${i} ${direction}`).join(', ')}
    LIMIT ${limit}`;
  return { sql, parameters };
}

function filterConditions({ filter, visibility }: ListOrders, bind: (value: unknown) => string): string[] {
  const conditions: string[] = [];
  if (visibility.scope === 'own') conditions.push(`o.created_by = ${bind(visibility.creator)}`);
  if (filter.priority) conditions.push(`o.priority = ANY(${bind(filter.priority)}::order_priority[])`);
  if (filter.material) conditions.push(`o.material = ANY(${bind(filter.material)})`);
  if (filter.source) conditions.push(`o.source = ANY(${bind(filter.source)}::order_source[])`);
  if (filter.assignee) conditions.push(`o.assignee = ANY(${bind(filter.assignee)})`);
  if (filter.createdFrom) conditions.push(`o.created_at >= ${bind(filter.createdFrom)}`);
  if (filter.createdTo) conditions.push(`o.created_at < ${bind(filter.createdTo)}`);
  if (filter.dueBefore) conditions.push(`o.due_sort < ${bind(filter.dueBefore)}`);
  if (filter.q !== undefined) conditions.push(textCondition(filter.q, bind));
  return conditions;
}

function textCondition(q: string, bind: (value: unknown) => string): string {
  const pattern = `%${q.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;
  const text = `o.search_text LIKE ${bind(pattern)}`;
  return /^[1-9]\d{0,8}$/.test(q) ? `(${text} OR o.number = ${bind(Number(q))})` : text;
}

/** The values of the sort keys where the page begins. */
function positionOf(
  { values, id }: PagePosition,
  { columns }: SortedColumns,
  bind: (value: unknown) => string,
): readonly string[] {
  return [...columns.map(({ type }, i) => `${bind(values[i])}::${type}`), `${bind(id)}::uuid`];
}
