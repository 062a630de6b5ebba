import { RefreshOnWrite, type KeyAndTags } from '@mes/cache';
import { Injectable } from '@nestjs/common';
import { ORDER_COUNTS_TAG } from '../orders/caching/order-tags.js';
import { DashboardService } from './dashboard.service.js';
import { presentHour } from './hour-of.js';

/** The shown hours move on without any write, so the hour is part of the key. */
export function statusDashboardQuestion(hour: Date): KeyAndTags {
  return { key: `dashboard:statuses:${hour.toISOString()}`, tags: [ORDER_COUNTS_TAG] };
}

/** The dashboard of the present hour, which everybody looks at. Writes refresh it. */
@Injectable()
export class StatusDashboard {
  constructor(dashboard: DashboardService, refreshOnWrite: RefreshOnWrite) {
    refreshOnWrite.register(() => {
      const hour = presentHour();
      return {
        ...statusDashboardQuestion(hour),
        isAggregate: true,
        load: () => dashboard.statuses(hour),
      };
    });
  }
}
