import type { ListOrdersArguments } from '../orders/use-orders';

export const PRIORITIES = ['URGENT', 'HIGH', 'NORMAL', 'LOW'] as const;
export type Priority = (typeof PRIORITIES)[number];

export const SORTS = ['-createdAt', 'createdAt', 'dueAt', '-priority'] as const;
export type Sort = (typeof SORTS)[number];

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
    sort: SORTS.find((sort) => sort === parameters.get('sort')) ?? '-createdAt',
  };
}

/** The shortest address of a view. */
export function parametersOf({ q, priority, material, due, sort }: QueueView): URLSearchParams {
  const parameters = new URLSearchParams(priority.map((one) => ['priority', one]));
  if (q !== '') parameters.set('q', q);
  if (material !== '') parameters.set('material', material);
  if (due !== '') parameters.set('due', due);
  if (sort !== '-createdAt') parameters.set('sort', sort);
  return parameters;
}

export function isFiltered({ q, priority, material, due }: QueueView): boolean {
  return q !== '' || priority.length > 0 || material !== '' || due !== '';
}

/** The arguments of the API call that lists the orders of a view. */
export function listArgumentsOf({ q, priority, material, due, sort }: QueueView, now: Date): ListOrdersArguments {
  return {
    status: ['NEW'],
    ...(/[\p{L}\p{N}]/u.test(q) ? { q: q.trim().slice(0, 100) } : {}),
    ...(priority.length > 0 ? { priority: [...priority] } : {}),
    ...(material.trim() !== '' ? { material: [material.trim().slice(0, 100)] } : {}),
    ...(due === '' ? {} : { dueBefore: dueLimit(due, now).toISOString() }),
    // The default order is left out, so that the request matches the cached response of the default list.
    ...(sort === '-createdAt' ? {} : { sort }),
  };
}

/** The time is rounded, so that requests of different users share a cached response. */
function dueLimit(due: Due, now: Date): Date {
  if (due === 'overdue') return new Date(Math.floor(now.getTime() / OVERDUE_STEP) * OVERDUE_STEP);
  const days = due === 'today' ? 1 : SEVEN_DAYS + 1;
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days);
}
