import { RefreshOnWrite, type KeyAndTags } from '@mes/cache';
import { Injectable } from '@nestjs/common';
import { ORDER_COUNTS_TAG } from '../orders/caching/order-tags.js';
import { DashboardService } from './dashboard.service.js';
import { currentHour } from './moment-of.js';

/** The cache key and the tags of the dashboard. The hour is a part of the key, because the shown hours change without a write. */
export function statusDashboardKeyAndTags(hour: Date): KeyAndTags {
  return { key: `dashboard:statuses:${hour.toISOString()}`, tags: [ORDER_COUNTS_TAG] };
}

/** The dashboard of the current hour, which everybody looks at. Writes refresh it. */
@Injectable()
export class StatusDashboard {
  constructor(dashboard: DashboardService, refreshOnWrite: RefreshOnWrite) {
    refreshOnWrite.register(() => {
      const hour = currentHour();
      return {
        ...statusDashboardKeyAndTags(hour),
        isAggregate: true,
        load: () => dashboard.statuses(hour),
      };
    });
  }
}
