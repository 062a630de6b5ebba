import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, Matches } from 'class-validator';
import { IsWholeNumberParameter, Optional } from '../../validation/cardinality.decorators.js';
import { ORDER_SORTS, type OrderSort } from '../order.js';
import { OrderFilterDto } from './order-filter.dto.js';

export const DEFAULT_LIMIT = 50;
export const MAX_LIMIT = 200;

const CURSOR = /^[\w-]{1,512}$/;

/** The validated and normalised query of the list. */
export class ListOrdersDto extends OrderFilterDto {
  @Optional()
  @IsIn(ORDER_SORTS)
  @ApiPropertyOptional({
    enum: ORDER_SORTS,
    default: '-createdAt',
    description: 'Newest first, oldest first, earliest due date first, or most urgent first (then oldest first).',
  })
  sort: OrderSort = '-createdAt';

  @Optional()
  @IsWholeNumberParameter(1, MAX_LIMIT)
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT })
  limit: number = DEFAULT_LIMIT;

  @Optional()
  @Matches(CURSOR, { message: 'cursor must be the nextCursor of an earlier page' })
  @ApiPropertyOptional({
    pattern: CURSOR.source,
    description: 'The `nextCursor` of the previous page. The other parameters must not change.',
  })
  cursor?: string;

  /** Identifies the list. All spellings of a query give the same text. */
  normalisedList(): string {
    return JSON.stringify([this.filter(), this.sort]);
  }

  /** Identifies the page and its list. */
  normalised(): string {
    return JSON.stringify([this.filter(), this.sort, this.limit, this.cursor]);
  }
}
