import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { Optional } from '../../validation/cardinality.decorators.js';
import { IsText, textSchema } from '../../validation/text.decorator.js';
import { ORDER_STATUSES, type OrderStatus } from '../order-status.js';

export class ChangeStatusDto {
  @IsIn(ORDER_STATUSES)
  @ApiProperty({
    enum: ORDER_STATUSES,
    example: 'MANUFACTURING_STARTED',
    description: 'One of the order’s `nextStatuses`.',
  })
  status!: OrderStatus;

  @Optional()
  @IsText(2_000)
  @ApiPropertyOptional({ ...textSchema(2_000), description: 'Kept in the order’s history.' })
  comment?: string;
}
