import type { OrderDto } from '../api/client';
import { PRIORITIES, type Priority } from '../orders/change';
import { isLate } from '../orders/due';
import type { ListOrdersArguments } from '../orders/use-orders';
import type { OrderFilter } from '../orders/use-counts';

export const SORTS = ['-priority', 'dueAt', 'createdAt', '-createdAt'] as const;
export type Sort = (typeof SORTS)[number];

/** The oldest of the most urgent orders comes first. */
const DEFAULT_SORT: Sort = '-priority';

export const DUE = ['overdue', 'today', 'week'] as const;
export type Due = (typeof DUE)[number];

/** The filters and the order of the queue. The address of the page holds them, so that they can be bookmarked and shared. */
export interface QueueView {
  readonly q: string;
  readonly priority: readonly Priority[];
  readonly material: string;
  readonly due: Due | '';
  readonly sort: Sort;
}

const SEVEN_DAYS = 7;
const OVERDUE_STEP = 5 * 60_000;

/** Reads a view from the address. Unknown values are ignored. */
export function viewOf(parameters: URLSearchParams): QueueView {
  const asked = parameters.getAll('priority');
  return {
    q: parameters.get('q') ?? '',
    priority: PRIORITIES.filter((priority) => asked.includes(priority)),
    material: parameters.get('material') ?? '',
    due: DUE.find((due) => due === parameters.get('due')) ?? '',
    sort: SORTS.find((sort) => sort === parameters.get('sort')) ?? DEFAULT_SORT,
  };
}

/** The shortest address of a view. */
export function parametersOf({ q, priority, material, due, sort }: QueueView): URLSearchParams {
  const parameters = new URLSearchParams(priority.map((one) => ['priority', one]));
  if (q !== '') parameters.set('q', q);
  if (material !== '') parameters.set('material', material);
  if (due !== '') parameters.set('due', due);
  if (sort !== DEFAULT_SORT) parameters.set('sort', sort);
  return parameters;
}

/** The address of a view. It always has parameters: without them, the page may open the board. */
export function addressOf(view: QueueView): string {
  const search = parametersOf(view).toString();
  return `/?${search === '' ? `sort=${view.sort}` : search}`;
}

/** The number of filters that are set. */
export function filtersOf({ q, priority, material, due }: QueueView): number {
  return [q !== '', priority.length > 0, material !== '', due !== ''].filter(Boolean).length;
}

/** The arguments of the API call that lists the orders of a view. */
export function listArgumentsOf(view: QueueView, now: Date): ListOrdersArguments {
  // What is the default of the API is left out, so that all users share one cached response.
  return { ...listFilterOf(view, now), ...(view.sort === '-createdAt' ? {} : { sort: view.sort }) };
}

/** The filter of that list. */
export function listFilterOf({ q, priority, material, due }: QueueView, now: Date): OrderFilter {
  return {
    status: ['NEW'],
    ...(/[\p{L}\p{N}]/u.test(q) ? { q: q.trim().slice(0, 100) } : {}),
    ...(priority.length > 0 ? { priority: [...priority] } : {}),
    ...(material.trim() !== '' ? { material: [material.trim().slice(0, 100)] } : {}),
    ...(due === '' ? {} : { dueBefore: dueLimit(due, now).toISOString() }),
  };
}

/**
 * Whether an order of the list is one of the view. The API is asked for a little more than what is overdue now: orders become
 * overdue on the page, at the same moment as they are shown late.
 */
export function isInView({ due }: QueueView, order: Pick<OrderDto, 'dueAt'>, now: Date): boolean {
  return due !== 'overdue' || isLate(order, now);
}

/** The time is rounded up, so that requests of different users share a cached response. */
function dueLimit(due: Due, now: Date): Date {
  if (due === 'overdue') return new Date(Math.ceil(now.getTime() / OVERDUE_STEP) * OVERDUE_STEP);
  const days = due === 'today' ? 1 : SEVEN_DAYS + 1;
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days);
}
