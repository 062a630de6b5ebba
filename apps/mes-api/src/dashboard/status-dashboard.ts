import { toCachedResponse, RefreshOnWrite, type KeyAndTags } from '@mes/cache';
import { Injectable } from '@nestjs/common';
import { ORDER_COUNTS_TAG } from '../orders/caching/order-tags.js';
import { DashboardService } from './dashboard.service.js';
import { presentHour } from './hour-of.js';

/** The hours that are shown move on without any write, so the hour is a part of the question. */
export function statusDashboardQuestion(hour: Date): KeyAndTags {
  return { key: `dashboard:statuses:${hour.toISOString()}`, tags: [ORDER_COUNTS_TAG] };
}

/** The dashboard of the present hour, which everybody looks at. Creations keep it warm. */
@Injectable()
export class StatusDashboard {
  constructor(dashboard: DashboardService, warm: RefreshOnWrite) {
    warm.register(() => {
      const hour = presentHour();
      return {
        question: statusDashboardQuestion(hour),
        summary: true,
        load: async () => toCachedResponse(await dashboard.statuses(hour)),
      };
    });
  }
}
