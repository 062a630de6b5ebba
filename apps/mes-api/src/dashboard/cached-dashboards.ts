import type { RouteDescription } from '@mes/cache';
import type { FastifyRequest } from 'fastify';
import { callerOf } from '../auth/caller.js';
import { listTags, ORDER_COUNTS_TAG, statusTag } from '../orders/caching/order-tags.js';
import { UNFINISHED_STATUSES } from '../orders/order-status.js';
import { refuseParameters } from '../validation/validate-query.js';
import { hourOf, minuteOf } from './moment-of.js';
import type { StatusDashboardDto } from './status-dashboard.dto.js';
import { statusDashboardKeyAndTags } from './status-dashboard.js';
import type { ThroughputDashboardDto } from './throughput-dashboard.dto.js';

/** The numbers by status and hour. */
export function cachedStatuses(request: FastifyRequest): RouteDescription {
  refuseParameters(request);
  return { ...statusDashboardKeyAndTags(hourOf(request)), asker: askerOf(request), comparable: withoutAsOf };
}

/**
 * The numbers of late orders. An order becomes overdue without a write, so the minute is a part of the key: a response is never
 * shown in a later minute than that for which it was counted.
 */
export function cachedDue(request: FastifyRequest): RouteDescription {
  refuseParameters(request);
  const key = `dashboard:due:${minuteOf(request).toISOString()}`;
  return { key, tags: listTags(UNFINISHED_STATUSES), asker: askerOf(request) };
}

/** What was done, hour by hour. The hour is a part of the key, because the shown hours change without a write. */
export function cachedThroughput(request: FastifyRequest): RouteDescription {
  refuseParameters(request);
  const key = `dashboard:throughput:${hourOf(request).toISOString()}`;
  return { key, tags: [ORDER_COUNTS_TAG], asker: askerOf(request), comparable: withoutAsOf };
}

/** Who works on what: as changeable as the list of the started orders. */
export function cachedWorkload(request: FastifyRequest): RouteDescription {
  refuseParameters(request);
  return { key: 'dashboard:workload', tags: [statusTag('MANUFACTURING_STARTED')], asker: askerOf(request) };
}

/** The time of a response changes without a write. */
function withoutAsOf({ asOf: _, ...figures }: StatusDashboardDto | ThroughputDashboardDto): unknown {
  return figures;
}

function askerOf(request: FastifyRequest): string {
  return callerOf(request).subject;
}
