import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { ORDER_STATUSES, type OrderStatus } from '../orders/order-status.js';
import type { StatusDashboardDto } from './status-dashboard.dto.js';

interface DashboardRow {
  readonly counts: Partial<Record<OrderStatus, number>> | null;
  readonly oldest: Date | null;
  readonly arrivals: readonly number[];
  readonly as_of: Date;
}

const HOURS = 24;
const HOUR = 60 * 60_000;

@Injectable()
export class DashboardService {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** @param hour the last of the 24 hours whose arrivals are shown */
  async statuses(hour: Date): Promise<StatusDashboardDto> {
    const first = new Date(hour.getTime() - (HOURS - 1) * HOUR);
    const [row] = await this.dataSource.query<DashboardRow[]>(
      `SELECT
        (SELECT json_object_agg(status, total)
          FROM (SELECT status, sum(count) AS total FROM order_status_counts GROUP BY status) AS totals) AS counts,
        (SELECT min(created_at) FROM orders WHERE status = 'NEW') AS oldest,
        (SELECT json_agg(coalesce(total, 0) ORDER BY wanted.hour)
          FROM generate_series($1::timestamptz, $2::timestamptz, interval '1 hour') AS wanted (hour)
          LEFT JOIN (SELECT hour, sum(count) AS total FROM order_arrivals
            WHERE hour BETWEEN $1 AND $2 GROUP BY hour) AS arrived USING (hour)) AS arrivals,
        clock_timestamp() AS as_of`,
      [first, hour],
    );
    if (!row) throw new Error('the dashboard query gave no row');
    const counts = Object.fromEntries(ORDER_STATUSES.map((status) => [status, row.counts?.[status] ?? 0]));
    return {
      counts: counts as Record<OrderStatus, number>,
      oldestNewOrderAt: row.oldest?.toISOString() ?? null,
      createdLast24h: row.arrivals.map((count, i) => ({
        hour: new Date(first.getTime() + i * HOUR).toISOString(),
        count,
      })),
      asOf: row.as_of.toISOString(),
    };
  }
}
