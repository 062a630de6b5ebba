import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, Matches } from 'class-validator';
import { ORDER_STATUSES } from '../orders/order-status.js';

const UUID = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const TAG = `^(epoch|orders:counts|orders:(${ORDER_STATUSES.join('|')})|order:${UUID})$`;

export class EvictTagsDto {
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @Matches(new RegExp(TAG), {
    each: true,
    message: 'each tag must be epoch (everything), orders:counts, orders:<STATUS> or order:<id>',
  })
  @ApiProperty({
    type: 'array',
    items: { type: 'string', pattern: TAG },
    minItems: 1,
    maxItems: 100,
    description: '`orders:<STATUS>`, `order:<id>`, `orders:counts`, or `epoch` for everything.',
    example: ['orders:NEW', 'orders:counts'],
  })
  tags!: string[];
}
