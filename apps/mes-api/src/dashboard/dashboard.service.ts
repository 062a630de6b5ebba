import { Injectable } from '@nestjs/common';
import { OrdersService } from '../orders/orders.service.js';
import type { OrderThroughput, TimedClass } from '../orders/order-figures.js';
import type { DueDashboardDto } from './due-dashboard.dto.js';
import { estimate } from './estimate.js';
import type { StatusDashboardDto } from './status-dashboard.dto.js';
import type { DurationDto, DurationsDto, ThroughputDashboardDto } from './throughput-dashboard.dto.js';
import type { WorkloadDashboardDto } from './workload-dashboard.dto.js';

const HOURS = 24;
const HOURS_OF_A_WEEK = 7 * HOURS;
/** Today, wherever that is, and the seven days before. */
const HOURS_OF_THROUGHPUT = 8 * HOURS;

@Injectable()
export class DashboardService {
  constructor(private readonly orders: OrdersService) {}

  /** @param hour the last one of the 24 hours */
  async statuses(hour: Date): Promise<StatusDashboardDto> {
    const { byStatus, oldestNewOrder, createdByHour, asOf } = await this.orders.count(hour, HOURS);
    const oldest = oldestNewOrder && {
      id: oldestNewOrder.id,
      number: oldestNewOrder.number,
      createdAt: oldestNewOrder.createdAt.toISOString(),
    };
    return {
      counts: byStatus,
      oldestNewOrderAt: oldest?.createdAt ?? null,
      oldestNewOrder: oldest ?? null,
      createdLast24h: createdByHour.map(({ hour: begin, count }) => ({ hour: begin.toISOString(), count })),
      asOf: asOf.toISOString(),
    };
  }

  async due(at: Date): Promise<DueDashboardDto> {
    return { counts: [...(await this.orders.countDue(at))], asOf: at.toISOString() };
  }

  /** @param hour the last one of the hours */
  async throughput(hour: Date): Promise<ThroughputDashboardDto> {
    const { hours, asOf } = await this.orders.throughput(hour, HOURS_OF_THROUGHPUT);
    return {
      hours: hours.map(({ hour: begin, created, started, completed, shipped }) => ({
        hour: begin.toISOString(),
        ...{ created, started, completed, shipped },
      })),
      timeToStart: durationsOf(hours, ({ timesToStart }) => timesToStart),
      timeToComplete: durationsOf(hours, ({ timesToComplete }) => timesToComplete),
      asOf: asOf.toISOString(),
    };
  }

  async workload(): Promise<WorkloadDashboardDto> {
    const { operators, operatorCount, orderCount } = await this.orders.workload();
    return {
      operators: operators.map(({ operator, count, orders }) => ({
        operator,
        count,
        orders: orders.map((order) => ({ ...order, dueAt: order.dueAt?.toISOString() })),
      })),
      operatorCount,
      orderCount,
    };
  }
}

type Hours = OrderThroughput['hours'];

function durationsOf(hours: Hours, timesOf: (hour: Hours[number]) => readonly TimedClass[]): DurationsDto {
  const durationOf = (last: number): DurationDto => {
    const times = hours.slice(-last).flatMap(timesOf);
    return {
      count: times.reduce((sum, { count }) => sum + count, 0),
      median: estimate(times, 0.5),
      p90: estimate(times, 0.9),
    };
  };
  return { lastDay: durationOf(HOURS), lastWeek: durationOf(HOURS_OF_A_WEEK) };
}
