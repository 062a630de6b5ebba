import type { OrderDto } from '../api/client';
import { PRIORITIES, type Priority } from './change';
import { isLate } from './due';
import { isFinished, type Status } from './permissions';
import { typedText } from './typed-text';
import type { OrderFilter } from './use-counts';
import type { ListOrdersArguments } from './use-orders';

export const SORTS = ['-priority', 'dueAt', 'createdAt', '-createdAt'] as const;
export type Sort = (typeof SORTS)[number];

/** The oldest of the most urgent orders comes first. */
const DEFAULT_SORT: Sort = '-priority';

export const DUE = ['overdue', 'day', 'today', 'week'] as const;
export type Due = (typeof DUE)[number];

/** The filters of the list and the board. */
export interface Filters {
  readonly q: string;
  readonly priority: readonly Priority[];
  readonly material: string;
  readonly due: Due | '';
  /** New orders are assigned to nobody: only the board has this filter. */
  readonly assignee: string;
}

export const NO_FILTERS: Filters = { q: '', priority: [], material: '', due: '', assignee: '' };

/**
 * The filters with the order of the list. The address of the page holds them, so that they can be bookmarked and shared. The board
 * has its own order, and keeps that of the list for the way back.
 */
export interface OrdersView extends Filters {
  readonly sort: Sort;
}

/** Shortest search that the API finds inside words as well, in characters. */
const SHORTEST_ANYWHERE = 3;

const SEVEN_DAYS = 7;
const DAY = 24 * 60 * 60_000;
const STEP = 5 * 60_000;

/** Reads a view from the address. Unknown values are ignored. */
export function viewOf(parameters: URLSearchParams): OrdersView {
  const asked = parameters.getAll('priority');
  return {
    q: parameters.get('q') ?? '',
    priority: PRIORITIES.filter((priority) => asked.includes(priority)),
    material: parameters.get('material') ?? '',
    due: DUE.find((due) => due === parameters.get('due')) ?? '',
    assignee: parameters.get('assignee') ?? '',
    sort: SORTS.find((sort) => sort === parameters.get('sort')) ?? DEFAULT_SORT,
  };
}

/** The shortest address of a view. */
export function parametersOf({ q, priority, material, due, assignee, sort }: OrdersView): URLSearchParams {
  const parameters = new URLSearchParams(priority.map((one) => ['priority', one]));
  if (q !== '') parameters.set('q', q);
  if (material !== '') parameters.set('material', material);
  if (due !== '') parameters.set('due', due);
  if (assignee !== '') parameters.set('assignee', assignee);
  if (sort !== DEFAULT_SORT) parameters.set('sort', sort);
  return parameters;
}

/** A name of the filters. It is empty without filters. */
export function nameOf(filters: Filters): string {
  return parametersOf({ ...filters, sort: DEFAULT_SORT }).toString();
}

/** The number of filters that are set. Those that the API is not asked for, like a search without letters and digits, are none. */
export function filtersOf(filters: Filters): number {
  return Object.keys(conditionsOf(filters, new Date())).length;
}

/** The arguments of the API call that lists the orders of a view with this status. */
export function listArgumentsOf(status: Status, view: OrdersView, now: Date): ListOrdersArguments {
  // What is the default of the API is left out, so that all users share one cached response.
  return { ...listFilterOf(status, view, now), ...(view.sort === '-createdAt' ? {} : { sort: view.sort }) };
}

/** The filter of that list. */
export function listFilterOf(status: Status, filters: Filters, now: Date): OrderFilter {
  return { status: [status], ...conditionsOf(filters, now) };
}

/** Whether the search is so short that the API looks at the starts of words only. */
export function isShortSearch(filters: Filters): boolean {
  const { q } = conditionsOf(filters, new Date());
  return q !== undefined && Array.from(q).length < SHORTEST_ANYWHERE;
}

function conditionsOf({ priority, due, ...typed }: Filters, now: Date): OrderFilter {
  const [q, material, assignee] = [typedText(typed.q), typedText(typed.material), typedText(typed.assignee)];
  return {
    // To Unicode, one of the apostrophes is a letter.
    ...(/(?!ʼ)[\p{L}\p{N}]/u.test(q) ? { q: q.slice(0, 100) } : {}),
    ...(priority.length > 0 ? { priority: [...priority] } : {}),
    ...(material === '' ? {} : { material: [material.slice(0, 100)] }),
    ...(assignee === '' ? {} : { assignee: [assignee.slice(0, 255)] }),
    ...(due === '' ? {} : { dueBefore: dueLimit(due, now).toISOString() }),
  };
}

/** The filter for the number of orders. The API counts at this moment what the list shows, also of orders that enter it by time. */
export function countedFilterOf(status: Status, filters: Filters, now: Date): OrderFilter {
  const filter = listFilterOf(status, filters, now);
  const moving = movingLimit(filters.due, now);
  return moving ? { ...filter, dueBefore: moving.toISOString() } : filter;
}

/**
 * Whether an order of the list is one of the view. The API is asked for a little more than what is overdue now: orders become
 * overdue on the page, at the same moment as they are shown late.
 */
export function isInView({ due }: Filters, order: Pick<OrderDto, 'dueAt' | 'status'>, now: Date): boolean {
  const limit = movingLimit(due, now);
  return !limit || isLate(order, limit);
}

/** Whether orders with this status can be in the view: a finished order is neither late nor about to be. */
export function mayHave(status: Status, { due }: Filters): boolean {
  return !isFinished(status) || movingLimit(due, new Date()) === undefined;
}

/** The due time before which orders are in the view, if that moves with the clock. */
function movingLimit(due: Due | '', now: Date): Date | undefined {
  if (due === 'overdue') return now;
  return due === 'day' ? new Date(now.getTime() + DAY) : undefined;
}

/** The time is rounded up, so that requests of different users share a cached response. */
function dueLimit(due: Due, now: Date): Date {
  const moving = movingLimit(due, now);
  if (moving) return new Date(Math.ceil(moving.getTime() / STEP) * STEP);
  const days = due === 'today' ? 1 : SEVEN_DAYS + 1;
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days);
}
