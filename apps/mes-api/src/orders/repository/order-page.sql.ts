import { ORDER_STATUSES } from '../order-status.js';
import type { Order, OrderSort } from '../order.js';
import { ALL_ORDERS } from './all-orders.sql.js';
import {
  choicesOf,
  hasText,
  hasTextByIndex,
  isOneOf,
  isVisible,
  limitsOf,
  numberInText,
  tableOf,
  URGENCY,
  type Bind,
} from './order-conditions.sql.js';
import type { OrderPageRequest, PagePosition } from './orders.repository.js';

/** A sort order that an index supports: all columns have one direction, so that a page starts at one place of the index. */
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

/** Planning more ranges takes longer than they save. */
export const MAX_RANGES = 32;

/** Number of orders from which the frequency of a text is estimated. */
const SAMPLE_SIZE = 1_000;
/** Matches in the sample from which reading on is faster than looking up all matches in the text index. */
const FREQUENT = 4;

/** Longest time by which a due date may precede the creation: a constraint of the table. */
const CLOCKS_DIFFER_MS = 24 * 60 * 60_000;

/** The position after an order in this sort. */
export function positionAfter(order: Order, sort: OrderSort): PagePosition {
  return { values: SORTS[sort].position(order), id: order.id };
}

/**
 * The statement for one page. It selects one row more, which tells whether there is a next page.
 *
 * A list consists of ranges of an index in the order of the list, one for each status (and material, …). The ranges are merged and
 * read only as far as the page goes. Every list names its statuses, even all of them: with an index without the status,
 * PostgreSQL might scan that index for the orders with a status, and such scans grow with the table.
 *
 * @param selected the columns to select, of the table alias `o`
 */
export function orderPageSql(list: OrderPageRequest, selected: string): { sql: string; parameters: unknown[] } {
  const parameters: unknown[] = [];
  const bind: Bind = (value) => `$${parameters.push(value)}`;
  const limit = list.limit + 1;
  const { q } = list.filter;
  if (q !== undefined) return { sql: wholeOrders(searchSql(list, q, limit, bind), list, selected), parameters };

  const { table, ranges, common } = rangesOf(list, bind);
  const [range, ...others] = ranges;
  const sql =
    range && others.length === 0
      ? rangeSql(list.sort, selected, table, [...range, ...common], limit)
      : wholeOrders(mergedSql(list.sort, keysOf(list.sort), { table, ranges, common }, limit), list, selected);
  return { sql, parameters };
}

/** One range of an index. */
function rangeSql(
  sort: OrderSort,
  selected: string,
  table: string,
  conditions: readonly string[],
  limit: number,
): string {
  const { direction } = SORTS[sort];
  return `
    SELECT ${selected} FROM ${table} o
    WHERE ${conditions.join(' AND ')}
    ORDER BY ${sortedBy(sort)
      .map((column) => `o.${column} ${direction}`)
      .join(', ')}
    LIMIT ${limit}`;
}

/** The start of the list without the condition of the search text. For several ranges, the columns of {@link keysOf} are read. */
export function mergedSql(sort: OrderSort, selected: string, { table, ranges, common }: Ranges, limit: number): string {
  const selects = ranges.map((range) => rangeSql(sort, selected, table, [...range, ...common], limit));
  if (selects.length === 1) return selects.join('');
  return `
    SELECT * FROM (${selects.map((select) => `(${select})`).join(' UNION ALL ')}) AS merged
    ORDER BY ${keyOrder(sort)}
    LIMIT ${limit}`;
}

/** The orders with these keys. */
function wholeOrders(keys: string, { filter, sort }: OrderPageRequest, selected: string): string {
  const table = numberInText(filter) === undefined ? tableOf(filter) : ALL_ORDERS;
  return `
    SELECT ${selected} FROM (${keys}) AS page JOIN ${table} o ON o.id = page.${idKey(sort)}
    ORDER BY ${keyOrder(sort)}`;
}

/**
 * The keys of a page of the orders that contain a text.
 *
 * For a frequent text, reading the list until the page is full is fast. For a rare text, looking it up in the text index and
 * sorting all matches is fast. The wrong choice takes seconds, and PostgreSQL cannot estimate the frequency of a text. A sample
 * from the start of the list can. PostgreSQL does not execute the parts that are then not needed.
 */
function searchSql(list: OrderPageRequest, q: string, limit: number, bind: Bind): string {
  const matches = hasText(q, bind);
  const chosen = choicesOf(list.filter).map((choice) => isOneOf(choice, bind));
  const conditions = [...chosen, ...otherConditions(list, bind)];
  const number = numberInText(list.filter);
  const archived =
    number === undefined
      ? ''
      : `UNION ALL
      SELECT ${keysOf(list.sort)} FROM archived_orders o WHERE ${[`o.number = ${bind(number)}`, ...conditions].join(' AND ')}`;
  const read = `${keysOf(list.sort)}, o.search_text, o.number`;
  const ranges = rangesOf(list, bind);
  const most = Math.ceil((2 * SAMPLE_SIZE * limit) / FREQUENT);
  const keys = sortedBy(list.sort)
    .map((_, i) => `sort_${i}`)
    .join(', ');
  return `
    WITH sample AS MATERIALIZED (${mergedSql(list.sort, read, ranges, SAMPLE_SIZE)}),
    sampled AS MATERIALIZED (SELECT ${keys} FROM sample AS o WHERE ${matches} LIMIT ${limit}),
    estimate AS MATERIALIZED (
      SELECT count(*) AS matches, count(*) = ${limit} OR (SELECT count(*) < ${SAMPLE_SIZE} FROM sample) AS is_all
      FROM sampled
    ),
    further AS MATERIALIZED (
      SELECT ${keys} FROM (${mergedSql(list.sort, read, ranges, most)}) AS o
      WHERE ${matches} AND (SELECT NOT is_all AND matches >= ${FREQUENT} FROM estimate)
      LIMIT ${limit}
    ),
    answer AS MATERIALIZED (
      SELECT CASE WHEN is_all THEN 'sample'
        WHEN matches >= ${FREQUENT} AND (SELECT count(*) = ${limit} FROM further) THEN 'further'
        ELSE 'lookup' END AS part
      FROM estimate
    )
    SELECT * FROM (
      SELECT * FROM sampled WHERE (SELECT part = 'sample' FROM answer)
      UNION ALL
      SELECT * FROM further WHERE (SELECT part = 'further' FROM answer)
      UNION ALL
      SELECT ${keysOf(list.sort)} FROM (SELECT * FROM orders o WHERE ${[hasTextByIndex(q, bind), ...conditions].join(' AND ')} OFFSET 0) AS o
      WHERE (SELECT part = 'lookup' FROM answer)
      ${archived}
    ) AS found
    ORDER BY ${keyOrder(list.sort)}
    LIMIT ${limit}`;
}

function sortedBy(sort: OrderSort): readonly string[] {
  return [...SORTS[sort].columns.map(({ sql }) => sql), 'id'];
}

/** The columns of the sort, with the same names in all parts of a statement. */
export function keysOf(sort: OrderSort): string {
  return sortedBy(sort)
    .map((column, i) => `o.${column} AS sort_${i}`)
    .join(', ');
}

function idKey(sort: OrderSort): string {
  return `sort_${SORTS[sort].columns.length}`;
}

function keyOrder(sort: OrderSort): string {
  return sortedBy(sort)
    .map((_, i) => `sort_${i} ${SORTS[sort].direction}`)
    .join(', ');
}

/** Ranges of an index: the conditions of each one, and the common conditions. */
export interface Ranges {
  readonly table: string;
  readonly ranges: readonly (readonly string[])[];
  readonly common: readonly string[];
}

export function rangesOf(list: OrderPageRequest, bind: Bind): Ranges {
  const common = otherConditions(list, bind);
  let ranges: readonly (readonly string[])[] = [[]];
  for (const choice of choicesOf({ ...list.filter, status: list.filter.status ?? ORDER_STATUSES })) {
    const { column, type, values } = choice;
    // Only the index in the order of the due dates has no urgency.
    const divides = column !== 'urgency' || list.sort !== 'dueAt';
    // A number stands for one order.
    const isOne = list.filter.number !== undefined;
    if (isOne || !divides || ranges.length * values.length > MAX_RANGES) {
      common.push(isOneOf(choice, bind));
    } else {
      const conditions = values.map((value) => `o.${column} = ${bind(value)}::${type}`);
      ranges = ranges.flatMap((range) => conditions.map((condition) => [...range, condition]));
    }
  }
  return { table: tableOf(list.filter), ranges, common };
}

/** The other conditions: of the filter, the visibility and the start of the page. */
function otherConditions({ filter, visibility, sort, after }: OrderPageRequest, bind: Bind): string[] {
  const { createdFrom, dueBefore } = filter;
  const conditions = [...isVisible(visibility, bind), ...limitsOf(filter, bind)];
  // Implied conditions on the sort column, so that reading starts near the first match.
  if (createdFrom && sort === 'dueAt') {
    conditions.push(`o.due_sort >= ${bind(new Date(createdFrom.getTime() - CLOCKS_DIFFER_MS))}`);
  }
  if (dueBefore && sort !== 'dueAt') {
    conditions.push(`o.created_at < ${bind(new Date(dueBefore.getTime() + CLOCKS_DIFFER_MS))}`);
  }
  if (after) {
    // A row comparison: PostgreSQL starts at this place of the index.
    const { columns, direction } = SORTS[sort];
    const values = [...columns.map(({ type }, i) => `${bind(after.values[i])}::${type}`), `${bind(after.id)}::uuid`];
    const keys = sortedBy(sort).map((column) => `o.${column}`);
    conditions.push(`(${keys.join(', ')}) ${direction === 'ASC' ? '>' : '<'} (${values.join(', ')})`);
  }
  return conditions;
}
