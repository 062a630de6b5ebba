import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type OrderPriority } from '../orders/order.js';
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

  @ApiProperty({ type: StartedOrderDto, isArray: true, description: 'Due soonest first.' })
  orders!: StartedOrderDto[];
}

/** Who works on what: the orders that are MANUFACTURING_STARTED, by operator. */
export class WorkloadDashboardDto {
  @ApiProperty({ type: OperatorWorkloadDto, isArray: true, description: 'Sorted by name.' })
  operators!: OperatorWorkloadDto[];

  @ApiProperty({ description: 'If false, there are further orders: only the 500 that are due soonest are shown.' })
  isComplete!: boolean;
}
