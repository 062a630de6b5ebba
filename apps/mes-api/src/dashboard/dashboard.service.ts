import { Injectable } from '@nestjs/common';
import { OrdersService } from '../orders/orders.service.js';
import type { StatusDashboardDto } from './status-dashboard.dto.js';

const HOURS = 24;

@Injectable()
export class DashboardService {
  constructor(private readonly orders: OrdersService) {}

  /** @param hour the last one of the 24 hours */
  async statuses(hour: Date): Promise<StatusDashboardDto> {
    const { byStatus, oldestNewOrderAt, createdByHour, asOf } = await this.orders.count(hour, HOURS);
    return {
      counts: byStatus,
      oldestNewOrderAt: oldestNewOrderAt?.toISOString() ?? null,
      createdLast24h: createdByHour.map(({ hour: begin, count }) => ({ hour: begin.toISOString(), count })),
      asOf: asOf.toISOString(),
    };
  }
}
