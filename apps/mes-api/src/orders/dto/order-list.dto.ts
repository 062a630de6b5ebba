import { ApiProperty } from '@nestjs/swagger';
import { OrderDto } from './order.dto.js';

/** A page of orders. */
export class OrderListDto {
  @ApiProperty({ type: OrderDto, isArray: true })
  items!: OrderDto[];

  @ApiProperty({
    oneOf: [{ type: 'string' }, { type: 'null' }],
    description: 'Cursor of the next page; null on the last page.',
  })
  nextCursor!: string | null;

  @ApiProperty({ type: 'integer', example: 50 })
  limit!: number;
}
