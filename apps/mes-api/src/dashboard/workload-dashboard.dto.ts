import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type OrderPriority } from '../orders/order.js';
import { MOST_OPERATORS, MOST_STARTED } from '../orders/order-figures.js';
import { ORDER_PRIORITY } from '../orders/dto/enums.js';

export class StartedOrderDto {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ type: 'integer', description: 'Running number for people.' })
  number!: number;

  @ApiProperty({ description: 'Name of the product.' })
  product!: string;

  @ApiProperty({ ...ORDER_PRIORITY })
  priority!: OrderPriority;

  @ApiPropertyOptional({ type: String, format: 'date-time' })
  dueAt?: string | undefined;
}

export class OperatorWorkloadDto {
  @ApiProperty({ description: 'Subject of the operator’s token.' })
  operator!: string;

  @ApiProperty({ type: 'integer', description: 'Number of all started orders of the operator.' })
  count!: number;

  @ApiProperty({
    type: StartedOrderDto,
    isArray: true,
    maxItems: MOST_STARTED,
    description: `The ${MOST_STARTED} that are due soonest, overdue ones first.`,
  })
  orders!: StartedOrderDto[];
}

/** Who works on what: the orders that are MANUFACTURING_STARTED, by operator. */
export class WorkloadDashboardDto {
  @ApiProperty({
    type: OperatorWorkloadDto,
    isArray: true,
    maxItems: MOST_OPERATORS,
    description: `The ${MOST_OPERATORS} operators whose orders are due soonest, in this order.`,
  })
  operators!: OperatorWorkloadDto[];

  @ApiProperty({ type: 'integer', description: 'Number of all operators with started orders.' })
  operatorCount!: number;

  @ApiProperty({ type: 'integer', description: 'Number of all started orders.' })
  orderCount!: number;
}
