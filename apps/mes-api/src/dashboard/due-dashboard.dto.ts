import { ApiProperty } from '@nestjs/swagger';
import { UNFINISHED_STATUSES, type OrderStatus } from '../orders/order-status.js';
import { type OrderPriority } from '../orders/order.js';
import { MOST_COUNTED } from '../orders/order-figures.js';
import { ORDER_PRIORITY } from '../orders/dto/enums.js';

export class DueCountDto {
  @ApiProperty({ enum: UNFINISHED_STATUSES })
  status!: OrderStatus;

  @ApiProperty({ ...ORDER_PRIORITY })
  priority!: OrderPriority;

  @ApiProperty({ type: 'integer', maximum: MOST_COUNTED, description: 'Orders that were due before `asOf`.' })
  overdue!: number;

  @ApiProperty({
    type: 'integer',
    maximum: MOST_COUNTED,
    description: 'Orders that are due in the 24 hours from `asOf`.',
  })
  dueSoon!: number;
}

/** The numbers of unfinished orders that are overdue, or due within 24 hours. */
export class DueDashboardDto {
  @ApiProperty({
    type: DueCountDto,
    isArray: true,
    description: `Only the statuses and priorities that have any. ${MOST_COUNTED} stands for at least as many.`,
  })
  counts!: DueCountDto[];

  @ApiProperty({
    type: String,
    format: 'date-time',
    description: 'Start of the minute for which the orders were counted.',
  })
  asOf!: string;
}
