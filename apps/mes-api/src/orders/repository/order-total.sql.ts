import { ORDER_STATUSES, type OrderStatus } from '../order-status.js';
import { ORDER_PRIORITIES, type OrderPriority, type OrderSort, type Visibility } from '../order.js';
import {
  choicesOf,
  hasText,
  hasTextByIndex,
  isOneOf,
  isVisible,
  limitsOf,
  numberInText,
  URGENCY,
  type Bind,
} from './order-conditions.sql.js';
import { keysOf, MAX_RANGES, mergedSql, rangesOf } from './order-page.sql.js';
import type { OrderFilter, OrderTotal } from './orders.repository.js';

/** How far orders are counted, where the maintained counts do not tell their number. */
export interface CountingLimits {
  /** Highest number that is counted. */
  readonly counted: number;
  /** Number of orders that are looked at, if the index does not tell which of them the filter selects. */
  readonly read: number;
  /** Number of matches up to which a text is looked up in its index. The index finds all matches before it gives the first. */
  readonly matches: number;
}

const LIMITS: CountingLimits = { counted: 10_000, read: 20_000, matches: 100_000 };

/** What one way of counting has found. */
export interface Counted {
  /** Whether no order was left out. */
  readonly isExact: boolean;
  readonly counts:
    readonly { readonly status: OrderStatus; readonly priority: OrderPriority; readonly count: number }[] | null;
}

/** The statement for a total. Its result are rows {@link Counted}, one for each way of counting that was tried. */
export function orderTotalSql(
  filter: OrderFilter,
  visibility: Visibility,
  limits = LIMITS,
): { sql: string; parameters: unknown[] } {
  const parameters: unknown[] = [];
  const bind: Bind = (value) => `$${parameters.push(value)}`;
  const others = { ...filter, status: undefined, priority: undefined };
  const isMaintained = visibility.scope === 'all' && Object.values(others).every((value) => value === undefined);
  const sql = isMaintained ? maintainedSql(filter, bind) : countingSql(filter, visibility, limits, bind);
  return { sql, parameters };
}

/** The result of the best way of counting: of an exact one, or else of the one that has found most. */
export function totalOf(filter: OrderFilter, ways: readonly Counted[], limits = LIMITS): OrderTotal {
  const [best] = ways
    .map(({ isExact, counts }) => ({ isExact, counts: counts ?? [], count: sumOf(counts ?? []) }))
    .sort((a, b) => Number(b.isExact) - Number(a.isExact) || b.count - a.count);
  if (!best) throw new Error('the query of the total returned no row');
  const { isExact, counts, count } = best;
  if (!isExact) return { count: Math.min(count, limits.counted), isExact };
  const { status: statuses = ORDER_STATUSES, priority: priorities = ORDER_PRIORITIES } = filter;
  const numbers = <T extends string>(values: readonly T[], of: (one: (typeof counts)[number]) => string) =>
    Object.fromEntries(values.map((value) => [value, sumOf(counts.filter((one) => of(one) === value))])) as Record<
      T,
      number
    >;
  return {
    count,
    isExact,
    byStatus: numbers(statuses, ({ status }) => status),
    byPriority: numbers(priorities, ({ priority }) => priority),
  };
}

function sumOf(counts: readonly { readonly count: number }[]): number {
  return counts.reduce((sum, { count }) => sum + count, 0);
}

function maintainedSql({ status, priority }: OrderFilter, bind: Bind): string {
  const statuses = bind(status ?? ORDER_STATUSES);
  const priorities = bind(priority ?? ORDER_PRIORITIES);
  return `
    SELECT true AS "isExact", json_agg(counted) AS counts FROM (
      SELECT status, priority, sum(count)::integer AS count FROM order_status_counts
      WHERE status = ANY(${statuses}::order_status[]) AND priority = ANY(${priorities}::order_priority[])
      GROUP BY status, priority
    ) AS counted`;
}

/**
 * Counts the orders themselves.
 *
 * It reads ranges of an index, as a page does, and checks the rest of the filter with each order. It stops when it has counted or
 * read enough. If it has read enough too early, a rare text is looked up in its index as well, and the rest is checked with each
 * match. How often the orders have the text is estimated from those that were read.
 */
function countingSql(filter: OrderFilter, visibility: Visibility, limits: CountingLimits, bind: Bind): string {
  const { sort, ranged, rest } = divided(filter, visibility);
  const ranges = rangesOf({ filter: ranged, visibility, sort, limit: limits.read }, bind);
  const columns = COLUMNS.filter(({ of }) => rest[of] !== undefined).map(({ read }) => read);
  const read = ['status', 'urgency', ...columns].map((column) => `o.${column}`).join(', ');
  const selected = conditionsOf(rest, bind);
  // Without a rest, all orders of the ranges are selected.
  const most = selected.length > 0 ? limits.read : limits.counted + 1;
  const number = numberInText(filter);
  const archived = (columns: string, conditions: () => readonly string[]): string =>
    number === undefined
      ? ''
      : `UNION ALL SELECT ${columns} FROM archived_orders o
      WHERE ${[`o.number = ${bind(number)}`, ...isVisible(visibility, bind), ...conditions()].join(' AND ')}`;
  const keys = `${keysOf(sort)}, ${read}`;
  const parts = `
    WITH looked AS MATERIALIZED (
      (${mergedSql(sort, keys, ranges, most)}) ${archived(keys, () => conditionsOf(ranged, bind))}
    ),
    fitting AS MATERIALIZED (${selectedOf('looked', selected, limits)}),
    first AS MATERIALIZED (
      SELECT count(*) <= ${limits.counted} AND (SELECT count(*) < ${most} FROM looked) AS is_exact, count(*) AS fitting FROM fitting
    )`;
  const result = `SELECT is_exact AS "isExact", ${countsOf('fitting')} AS counts FROM first`;
  const { q, ...others } = filter;
  if (q === undefined) return `${parts} ${result}`;

  const matches = hasText(q, bind);
  return `${parts},
    estimate AS MATERIALIZED (
      SELECT NOT is_exact AND fitting <= ${limits.counted} AND (
        SELECT count(*) FILTER (WHERE ${matches}) * (SELECT sum(count) FROM order_status_counts) <= ${limits.matches} * count(*)
        FROM looked AS o
      ) AS is_worth_lookup
      FROM first
    ),
    matching AS MATERIALIZED (
      SELECT * FROM orders o WHERE ${hasTextByIndex(q, bind)} AND (SELECT is_worth_lookup FROM estimate)
      ${archived('*', () => ['(SELECT is_worth_lookup FROM estimate)'])}
    ),
    taken AS MATERIALIZED (SELECT * FROM matching LIMIT ${limits.read}),
    found AS MATERIALIZED (${selectedOf('taken', [...isVisible(visibility, bind), ...conditionsOf(others, bind)], limits)})
    ${result}
    UNION ALL
    SELECT (SELECT count(*) <= ${limits.counted} FROM found) AND (SELECT count(*) < ${limits.read} FROM taken), ${countsOf('found')}
    FROM estimate WHERE is_worth_lookup`;
}

/** The columns that the parts of a filter look at, besides status and urgency. */
const COLUMNS: readonly { readonly of: keyof OrderFilter; readonly read: string }[] = [
  { of: 'material', read: 'material' },
  { of: 'assignee', read: 'assignee' },
  { of: 'holdReason', read: 'hold_reason' },
  { of: 'source', read: 'source' },
  { of: 'createdTo', read: 'created_at' },
  { of: 'dueBefore', read: 'due_sort' },
  { of: 'q', read: 'search_text, o.number' },
];

/** The columns that an index can begin with, apart from the creator. */
const LEADING = ['assignee', 'holdReason', 'material'] as const;

/**
 * Divides a filter into the part that ranges of one index contain, and the rest.
 *
 * An index has a creator, an assignee, a reason of a hold or a material, then the status, and then either the due date, or the
 * urgency and the time of creation.
 */
function divided(
  { status = ORDER_STATUSES, priority, source, number, q, createdFrom, createdTo, dueBefore, ...others }: OrderFilter,
  visibility: Visibility,
): { readonly sort: OrderSort; readonly ranged: OrderFilter; readonly rest: OrderFilter } {
  const fits = (values: readonly unknown[] = []): boolean =>
    values.length > 0 && status.length * values.length <= MAX_RANGES;
  const leading = visibility.scope === 'own' ? undefined : LEADING.find((name) => fits(others[name]));
  const led = leading ? { [leading]: others[leading] } : {};
  const ranges = status.length * (leading ? (others[leading]?.length ?? 1) : 1);

  const isByDue = dueBefore !== undefined && createdFrom === undefined;
  const urgencies = priority ?? ORDER_PRIORITIES;
  const isByUrgency = !isByDue && ranges * urgencies.length <= MAX_RANGES;
  return {
    sort: isByDue ? 'dueAt' : '-createdAt',
    ranged: {
      ...{ status, number, ...led },
      priority: isByUrgency ? urgencies : undefined,
      ...(isByDue ? { dueBefore } : { createdFrom, createdTo }),
    },
    rest: {
      ...others,
      ...(leading && { [leading]: undefined }),
      priority: isByUrgency ? undefined : priority,
      ...{ source, q },
      ...(isByDue ? { createdTo } : { dueBefore }),
    },
  };
}

function conditionsOf(filter: OrderFilter, bind: Bind): string[] {
  return [
    ...choicesOf(filter).map((choice) => isOneOf(choice, bind)),
    ...limitsOf(filter, bind),
    ...(filter.q === undefined ? [] : [hasText(filter.q, bind)]),
  ];
}

function selectedOf(part: string, conditions: readonly string[], { counted }: CountingLimits): string {
  const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
  return `SELECT o.status, o.urgency FROM ${part} AS o ${where} LIMIT ${counted + 1}`;
}

function countsOf(part: string): string {
  const priorities = [...ORDER_PRIORITIES].sort((a, b) => URGENCY[a] - URGENCY[b]).map((priority) => `'${priority}'`);
  return `(
    SELECT json_agg(counted) FROM (
      SELECT status, (ARRAY[${priorities.join(', ')}])[1 + urgency] AS priority, count(*)::integer AS count
      FROM ${part} GROUP BY status, urgency
    ) AS counted)`;
}
