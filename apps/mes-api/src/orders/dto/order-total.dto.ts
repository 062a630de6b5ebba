import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ORDER_STATUSES, type OrderStatus } from '../order-status.js';
import { ORDER_PRIORITIES, type OrderPriority } from '../order.js';

const numbersOf = (names: readonly string[]): Record<string, { type: 'integer' }> =>
  Object.fromEntries(names.map((name) => [name, { type: 'integer' as const }]));

/** The number of orders that a filter selects. */
export class OrderTotalDto {
  @ApiProperty({ type: 'integer', minimum: 0, example: 42 })
  count!: number;

  @ApiProperty({ description: 'If false, there are at least `count` orders.' })
  isExact!: boolean;

  @ApiPropertyOptional({
    type: 'object',
    properties: numbersOf(ORDER_STATUSES),
    additionalProperties: false,
    description: 'The number of each status that the filter allows. Absent if `count` is not exact.',
    example: { NEW: 42 },
  })
  byStatus?: Readonly<Partial<Record<OrderStatus, number>>> | undefined;

  @ApiPropertyOptional({
    type: 'object',
    properties: numbersOf(ORDER_PRIORITIES),
    additionalProperties: false,
    description: 'The number of each priority that the filter allows. Absent if `count` is not exact.',
    example: { LOW: 3, NORMAL: 32, HIGH: 5, URGENT: 2 },
  })
  byPriority?: Readonly<Partial<Record<OrderPriority, number>>> | undefined;
}
