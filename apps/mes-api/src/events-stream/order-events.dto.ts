import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { FieldChangeDto } from '../orders/dto/order-history.dto.js';
import { ORDER_PRIORITIES, type OrderPriority } from '../orders/order.js';
import { ORDER_STATUSES, type OrderStatus } from '../orders/order-status.js';

/** The data of `order.created`. */
export class OrderCreatedEventDto {
  @ApiProperty({ type: String, format: 'uuid' })
  id!: string;

  @ApiProperty({ type: 'integer' })
  number!: number;

  @ApiProperty({ type: 'integer' })
  version!: number;

  @ApiProperty({ enum: ORDER_STATUSES })
  status!: OrderStatus;

  @ApiProperty({ enum: ORDER_PRIORITIES })
  priority!: OrderPriority;

  @ApiProperty({ example: 'Gold 585' })
  material!: string;

  @ApiProperty({ type: String, format: 'date-time' })
  at!: string;
}

/** The data of `order.status-changed`. */
export class OrderStatusChangedEventDto {
  @ApiProperty({ type: String, format: 'uuid' })
  id!: string;

  @ApiProperty({ type: 'integer' })
  number!: number;

  @ApiProperty({ type: 'integer' })
  version!: number;

  @ApiProperty({ enum: ORDER_STATUSES })
  from!: OrderStatus;

  @ApiProperty({ enum: ORDER_STATUSES })
  status!: OrderStatus;

  @ApiPropertyOptional({ type: String, description: 'The operator that has the order in work.' })
  assignee?: string;

  @ApiPropertyOptional({
    type: String,
    description: 'The caller that changed the status; absent if the change was not made through the API.',
  })
  by?: string;

  @ApiProperty({ type: String, format: 'date-time' })
  at!: string;
}

/** The data of `order.changed`. */
export class OrderChangedEventDto {
  @ApiProperty({ type: String, format: 'uuid' })
  id!: string;

  @ApiProperty({ type: 'integer' })
  number!: number;

  @ApiProperty({ type: 'integer' })
  version!: number;

  @ApiProperty({ enum: ORDER_STATUSES })
  status!: OrderStatus;

  @ApiProperty({ enum: ORDER_PRIORITIES })
  priority!: OrderPriority;

  @ApiPropertyOptional({ type: String, description: 'The operator that has the order in work.' })
  assignee?: string;

  @ApiPropertyOptional({
    type: String,
    description: 'The caller that changed the order; absent if it was deleted since.',
  })
  by?: string;

  @ApiProperty({ type: String, format: 'date-time' })
  at!: string;

  @ApiProperty({ type: FieldChangeDto, isArray: true, description: 'Empty if the order was deleted since.' })
  changes!: FieldChangeDto[];
}
