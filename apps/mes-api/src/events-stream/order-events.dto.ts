import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { FieldChangeDto } from '../orders/dto/order-history.dto.js';
import { type OrderPriority } from '../orders/order.js';
import { type OrderStatus } from '../orders/order-status.js';
import { ORDER_PRIORITY, ORDER_STATUS } from '../orders/dto/enums.js';

/** The data of `order.created`. */
export class OrderCreatedEventDto {
  @ApiProperty({ type: String, format: 'uuid' })
  id!: string;

  @ApiProperty({ type: 'integer' })
  number!: number;

  @ApiProperty({ type: 'integer' })
  version!: number;

  @ApiProperty({ ...ORDER_STATUS })
  status!: OrderStatus;

  @ApiProperty({ ...ORDER_PRIORITY })
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

  @ApiProperty({ ...ORDER_STATUS })
  from!: OrderStatus;

  @ApiProperty({ ...ORDER_STATUS })
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

  @ApiProperty({ ...ORDER_STATUS })
  status!: OrderStatus;

  @ApiProperty({ ...ORDER_PRIORITY })
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
