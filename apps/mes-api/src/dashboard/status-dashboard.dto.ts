import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { ORDER_STATUSES, type OrderStatus } from '../orders/order-status.js';

export class HourlyCountDto {
  @ApiProperty({ type: String, format: 'date-time', description: 'Start of the hour, UTC.' })
  hour!: string;

  @ApiProperty({ type: 'integer' })
  count!: number;
}

export class OldestNewOrderDto {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ type: 'integer', description: 'Running number for people.' })
  number!: number;

  @ApiProperty({ type: String, format: 'date-time' })
  createdAt!: string;
}

/** The numbers of orders by status and by hour of creation. */
@ApiExtraModels(OldestNewOrderDto)
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
    description: 'Null if no order is NEW.',
  })
  oldestNewOrderAt!: string | null;

  @ApiProperty({
    oneOf: [{ $ref: getSchemaPath(OldestNewOrderDto) }, { type: 'null' }],
    description: 'The order that has waited longest. Null if no order is NEW.',
  })
  oldestNewOrder!: OldestNewOrderDto | null;

  @ApiProperty({
    type: HourlyCountDto,
    isArray: true,
    description: 'The last 24 hours, oldest first; the last one is the current hour.',
  })
  createdLast24h!: HourlyCountDto[];

  @ApiProperty({
    type: String,
    format: 'date-time',
    description: 'Time at which the numbers were read from the database.',
  })
  asOf!: string;
}
