import type { Filter, List } from '../history/call.js';

/** The lists that clients read, with their weights. */
export const LISTS: readonly (readonly [List, number])[] = [
  [{ statuses: ['NEW'], sort: '-createdAt', limit: 50 }, 40],
  [{ statuses: ['NEW'], sort: '-createdAt', limit: 5 }, 10],
  [{ statuses: ['NEW'], sort: '-createdAt', limit: 10 }, 8],
  [{ statuses: ['NEW'], sort: 'createdAt', limit: 20 }, 8],
  [{ statuses: ['NEW'], priorities: ['URGENT', 'HIGH'], sort: '-createdAt', limit: 50 }, 8],
  [{ statuses: ['NEW'], sort: '-priority', limit: 20 }, 6],
  [{ statuses: ['NEW'], sort: 'dueAt', limit: 20 }, 6],
  [{ statuses: ['NEW', 'ON_HOLD'], sort: 'createdAt', limit: 200 }, 6],
  [{ statuses: ['MANUFACTURING_STARTED'], sort: '-createdAt', limit: 50 }, 6],
  [{ statuses: ['MANUFACTURING_STARTED', 'MANUFACTURING_COMPLETED'], sort: 'dueAt', limit: 100 }, 4],
  [{ assignees: ['operator-1'], sort: '-createdAt', limit: 50 }, 6],
  [{ statuses: ['ON_HOLD'], sort: '-priority', limit: 50 }, 4],
  [{ statuses: ['ON_HOLD'], holdReasons: ['QUALITY', 'OTHER'], sort: 'dueAt', limit: 50 }, 4],
  [{ statuses: ['CANCELLED'], sort: '-createdAt', limit: 10 }, 2],
  [{ sort: '-createdAt', limit: 30 }, 3],
  [{ statuses: ['NEW'], createdBy: 'partner-1', sort: '-createdAt', limit: 50 }, 3],
];

/** The lists that clients read from the first page to the last. */
export const WALKED: readonly List[] = [
  { statuses: ['NEW'], sort: '-createdAt', limit: 13 },
  { statuses: ['NEW'], sort: '-priority', limit: 17 },
  { statuses: ['NEW', 'MANUFACTURING_STARTED'], sort: 'dueAt', limit: 29 },
  { statuses: ['ON_HOLD'], sort: 'createdAt', limit: 7 },
];

/** What clients count, with their weights. */
export const TOTALS: readonly (readonly [Filter, number])[] = [
  [{ statuses: ['NEW'] }, 10],
  [{ statuses: ['NEW'], priorities: ['URGENT', 'HIGH'] }, 4],
  [{ assignees: ['operator-1'] }, 4],
  [{ statuses: ['ON_HOLD'], holdReasons: ['QUALITY', 'OTHER'] }, 3],
  [{}, 2],
  [{ statuses: ['NEW'], createdBy: 'partner-1' }, 2],
];

const DEFAULT_LIMIT = 50;

/** The path of a list. It omits parameters with default values, so that it equals the URL of the polled page. */
export function pathOf({ sort, limit, ...filter }: List, cursor?: string): string {
  const query = queryOf(filter);
  if (sort !== '-createdAt') query.append('sort', sort);
  if (limit !== DEFAULT_LIMIT) query.append('limit', String(limit));
  if (cursor !== undefined) query.append('cursor', cursor);
  return withQuery('/api/v1/orders', query);
}

/** The path of a total. */
export function pathOfTotal(filter: Filter): string {
  return withQuery('/api/v1/orders/count', queryOf(filter));
}

function queryOf({ statuses = [], priorities = [], assignees = [], holdReasons = [] }: Filter): URLSearchParams {
  const query = new URLSearchParams();
  for (const status of statuses) query.append('status', status);
  for (const priority of priorities) query.append('priority', priority);
  for (const assignee of assignees) query.append('assignee', assignee);
  for (const reason of holdReasons) query.append('holdReason', reason);
  return query;
}

function withQuery(path: string, query: URLSearchParams): string {
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}
