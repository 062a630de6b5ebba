import { ORDER_STATUSES } from '../order-status.js';
import type { Order, OrderSort } from '../order.js';
import type { OrderPageRequest, OrderFilter, PagePosition } from './orders.repository.js';

/** How a sort is read off an index: every column in one direction, so that a page begins at one place of the index. */
interface SortedColumns {
  readonly columns: readonly { readonly sql: string; readonly type: string }[];
  readonly direction: 'ASC' | 'DESC';
  readonly position: (order: Order) => readonly string[];
}

type Bind = (value: unknown) => string;

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

/** More would take longer to plan than they save. */
const MOST_RANGES = 32;

/** Orders that are looked at one after the other to learn how frequent a text is in the list. */
const GLANCE = 1_000;
/** With fewer matches at a glance, reading on until the page is full takes longer than looking all matches up. */
const FREQUENT = 4;

/** Characters of a text that is found within words, too. */
const SHORTEST_ANYWHERE = 3;

/** How much earlier than created an order may be due, by a constraint of the table. */
const CLOCKS_DIFFER_MS = 24 * 60 * 60_000;

/** The position just after this order, in this sort. */
export function positionAfter(order: Order, sort: OrderSort): PagePosition {
  return { values: SORTS[sort].position(order), id: order.id };
}

/**
 * One page, and one row more to tell whether there is a next one, in one statement.
 *
 * A list is made of ranges of an index that are in its order, one for every status (and material, …) asked for. They are
 * merged, and read only as far as the page goes. So a list names its statuses, be it all of them: an index without the
 * status would have to be kept up to date for nothing else, and would tempt PostgreSQL to look through it for the orders
 * with a status, which takes ever longer the farther away they are from where the list begins.
 *
 * @param selected the columns to select, of the table alias `o`
 */
export function orderPageSql(list: OrderPageRequest, selected: string): { sql: string; parameters: unknown[] } {
  const parameters: unknown[] = [];
  const bind: Bind = (value) => `$${parameters.push(value)}`;
  const limit = list.limit + 1;
  const { q } = list.filter;
  if (q !== undefined) return { sql: wholeOrders(searchSql(list, q, limit, bind), list.sort, selected), parameters };

  const { ranges, common } = rangesOf(list, bind);
  const [range, ...others] = ranges;
  const sql =
    range && others.length === 0
      ? rangeSql(list.sort, selected, [...range, ...common], limit)
      : wholeOrders(mergedSql(list.sort, keysOf(list.sort), { ranges, common }, limit), list.sort, selected);
  return { sql, parameters };
}

/** One range of an index, as long as its conditions leave it one. */
function rangeSql(sort: OrderSort, selected: string, conditions: readonly string[], limit: number): string {
  const { direction } = SORTS[sort];
  return `
    SELECT ${selected} FROM orders o
    WHERE ${conditions.join(' AND ')}
    ORDER BY ${sortedBy(sort)
      .map((column) => `o.${column} ${direction}`)
      .join(', ')}
    LIMIT ${limit}`;
}

/** The beginning of the list, whatever text is looked for: its keys, and other columns. */
function mergedSql(sort: OrderSort, selected: string, { ranges, common }: Ranges, limit: number): string {
  const selects = ranges.map((range) => rangeSql(sort, selected, [...range, ...common], limit));
  if (selects.length === 1) return selects.join('');
  return `
    SELECT * FROM (${selects.map((select) => `(${select})`).join(' UNION ALL ')}) AS merged
    ORDER BY ${keyOrder(sort)}
    LIMIT ${limit}`;
}

/** The orders with these keys. */
function wholeOrders(keys: string, sort: OrderSort, selected: string): string {
  return `
    SELECT ${selected} FROM (${keys}) AS page JOIN orders o ON o.id = page.${idKey(sort)}
    ORDER BY ${keyOrder(sort)}`;
}

/**
 * The keys of a page of those that have a text.
 *
 * Reading on until the page is full is fast for a text that is frequent, and looking the text up in its index and sorting
 * all that have it is fast for one that is rare; either takes seconds for the other. PostgreSQL cannot tell how frequent a
 * text is, but a glance at the beginning of the list can. Parts that are then not needed are not executed.
 */
function searchSql(list: OrderPageRequest, q: string, limit: number, bind: Bind): string {
  const matches = textCondition(q, bind);
  const chosen = choicesOf(list.filter).map((choice) => isOneOf(choice, bind));
  const conditions = [matches, ...chosen, ...otherConditions(list, bind)];
  const read = `${keysOf(list.sort)}, o.search_text, o.number`;
  const ranges = rangesOf(list, bind);
  const most = Math.ceil((2 * GLANCE * limit) / FREQUENT);
  const keys = sortedBy(list.sort)
    .map((_, i) => `sort_${i}`)
    .join(', ');
  return `
    WITH begun AS MATERIALIZED (${mergedSql(list.sort, read, ranges, GLANCE)}),
    glance AS MATERIALIZED (SELECT ${keys} FROM begun AS o WHERE ${matches} LIMIT ${limit}),
    glanced AS MATERIALIZED (
      SELECT count(*) AS matches, count(*) = ${limit} OR (SELECT count(*) < ${GLANCE} FROM begun) AS is_all FROM glance
    ),
    further AS MATERIALIZED (
      SELECT ${keys} FROM (${mergedSql(list.sort, read, ranges, most)}) AS o
      WHERE ${matches} AND (SELECT NOT is_all AND matches >= ${FREQUENT} FROM glanced)
      LIMIT ${limit}
    ),
    answer AS MATERIALIZED (
      SELECT CASE WHEN is_all THEN 'glance'
        WHEN matches >= ${FREQUENT} AND (SELECT count(*) = ${limit} FROM further) THEN 'further'
        ELSE 'lookup' END AS part
      FROM glanced
    )
    SELECT * FROM (
      SELECT * FROM glance WHERE (SELECT part = 'glance' FROM answer)
      UNION ALL
      SELECT * FROM further WHERE (SELECT part = 'further' FROM answer)
      UNION ALL
      SELECT ${keysOf(list.sort)} FROM (SELECT * FROM orders o WHERE ${conditions.join(' AND ')} OFFSET 0) AS o
      WHERE (SELECT part = 'lookup' FROM answer)
    ) AS found
    ORDER BY ${keyOrder(list.sort)}
    LIMIT ${limit}`;
}

function sortedBy(sort: OrderSort): readonly string[] {
  return [...SORTS[sort].columns.map(({ sql }) => sql), 'id'];
}

/** The columns of the sort, under names that they have in all parts of a statement. */
function keysOf(sort: OrderSort): string {
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

/** Values of which an order has one. */
interface Choice {
  readonly column: 'status' | 'material' | 'assignee' | 'urgency';
  readonly type: string;
  readonly values: readonly unknown[];
}

function choicesOf({ status, material, assignee, priority }: OrderFilter): readonly Choice[] {
  const choices: Choice[] = [];
  if (status) choices.push({ column: 'status', type: 'order_status', values: status });
  if (material) choices.push({ column: 'material', type: 'text', values: material });
  if (assignee) choices.push({ column: 'assignee', type: 'text', values: assignee });
  if (priority) {
    choices.push({ column: 'urgency', type: 'smallint', values: priority.map((value) => URGENCY[value]) });
  }
  return choices;
}

function isOneOf({ column, type, values }: Choice, bind: Bind): string {
  return `o.${column} = ANY(${bind(values)}::${type}[])`;
}

/** Ranges of an index: the conditions of each, and those that all of them share. */
interface Ranges {
  readonly ranges: readonly (readonly string[])[];
  readonly common: readonly string[];
}

function rangesOf(list: OrderPageRequest, bind: Bind): Ranges {
  const common = otherConditions(list, bind);
  let ranges: readonly (readonly string[])[] = [[]];
  for (const choice of choicesOf({ ...list.filter, status: list.filter.status ?? ORDER_STATUSES })) {
    const { column, type, values } = choice;
    // An index has the urgency before the time only, and if that is the order wanted, it is one range all the same.
    const divides = column !== 'urgency' || list.sort === 'createdAt' || list.sort === '-createdAt';
    if (!divides || ranges.length * values.length > MOST_RANGES) {
      common.push(isOneOf(choice, bind));
    } else {
      const conditions = values.map((value) => `o.${column} = ${bind(value)}::${type}`);
      ranges = ranges.flatMap((range) => conditions.map((condition) => [...range, condition]));
    }
  }
  return { ranges, common };
}

/** Those of the filter that are no choices, of the visibility, and of the page. */
function otherConditions({ filter, visibility, sort, after }: OrderPageRequest, bind: Bind): string[] {
  const { source, createdFrom, createdTo, dueBefore } = filter;
  const conditions: string[] = [];
  if (visibility.scope === 'own') conditions.push(`o.created_by = ${bind(visibility.creator)}`);
  if (source) conditions.push(`o.source = ANY(${bind(source)}::order_source[])`);
  if (createdFrom) conditions.push(`o.created_at >= ${bind(createdFrom)}`);
  if (createdTo) conditions.push(`o.created_at < ${bind(createdTo)}`);
  if (dueBefore) conditions.push(`o.due_sort < ${bind(dueBefore)}`);
  // What follows from these, so that reading begins where there can be any.
  if (createdFrom && sort === 'dueAt') {
    conditions.push(`o.due_sort >= ${bind(new Date(createdFrom.getTime() - CLOCKS_DIFFER_MS))}`);
  }
  if (dueBefore && sort !== 'dueAt') {
    conditions.push(`o.created_at < ${bind(new Date(dueBefore.getTime() + CLOCKS_DIFFER_MS))}`);
  }
  if (after) {
    // A row comparison, which PostgreSQL turns into the place of the index where the page begins.
    const { columns, direction } = SORTS[sort];
    const values = [...columns.map(({ type }, i) => `${bind(after.values[i])}::${type}`), `${bind(after.id)}::uuid`];
    const keys = sortedBy(sort).map((column) => `o.${column}`);
    conditions.push(`(${keys.join(', ')}) ${direction === 'ASC' ? '>' : '<'} (${values.join(', ')})`);
  }
  return conditions;
}

function textCondition(q: string, bind: Bind): string {
  const alternatives = textPatterns(q).map((pattern) => `o.search_text LIKE search_text(${bind(pattern)})`);
  if (/^[1-9]\d{0,8}$/.test(q)) alternatives.push(`o.number = ${bind(Number(q))}`);
  return `(${alternatives.join(' OR ')})`;
}

/**
 * A text is looked for anywhere, but a short one only where a word begins: it has no three letters for the index to look
 * up, but with the space before a word it has.
 */
function textPatterns(q: string): string[] {
  const literal = q.replace(/[\\%_]/g, '\\$&');
  if (Array.from(q.trim()).length >= SHORTEST_ANYWHERE) return [`%${literal}%`];
  return [`${literal.trimStart()}%`, `% ${literal.trimStart()}%`];
}
