import { ApiProperty } from '@nestjs/swagger';
import { ORDER_STATUSES, type OrderStatus } from '../orders/order-status.js';

export class HourlyCountDto {
  @ApiProperty({ type: String, format: 'date-time', description: 'Begin of the hour, UTC.' })
  hour!: string;

  @ApiProperty({ type: 'integer' })
  count!: number;
}

/** How many orders there are where. */
export class StatusDashboardDto {
  @ApiProperty({
    type: 'object',
    properties: Object.fromEntries(ORDER_STATUSES.map((status) => [status, { type: 'integer' as const }])),
    required: [...ORDER_STATUSES],
    additionalProperties: false,
    example: Object.fromEntries(ORDER_STATUSES.map((status, i) => [status, 12 * i])),
  })
  counts!: Readonly<Record<OrderStatus, number>>;

  @ApiProperty({
    oneOf: [{ type: 'string', format: 'date-time' }, { type: 'null' }],
    description: 'Null when no order is NEW.',
  })
  oldestNewOrderAt!: string | null;

  @ApiProperty({
    type: HourlyCountDto,
    isArray: true,
    description: 'The last 24 hours, oldest first, the present one last.',
  })
  createdLast24h!: HourlyCountDto[];

  @ApiProperty({ type: String, format: 'date-time', description: 'When this was read from the database.' })
  asOf!: string;
}
