import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsIn, IsInt, Matches, Max, Min } from 'class-validator';
import { IsDateTime } from '../../validation/date-time.decorator.js';
import { IsListParameter, MAX_VALUES, Optional } from '../../validation/cardinality.decorators.js';
import { IsText, textSchema } from '../../validation/text.decorator.js';
import { ORDER_STATUSES, type OrderStatus } from '../order-status.js';
import {
  ORDER_PRIORITIES,
  ORDER_SORTS,
  ORDER_SOURCES,
  type OrderPriority,
  type OrderSort,
  type OrderSource,
} from '../order.js';
import type { OrderFilter } from '../repository/orders.repository.js';

export const DEFAULT_LIMIT = 50;
export const MAX_LIMIT = 200;

const LETTER_OR_DIGIT = '[\\p{L}\\p{N}]';
const CURSOR = /^[\w-]{1,512}$/;

/** The validated and normalised query of the list. */
export class ListOrdersDto {
  @Optional()
  @IsListParameter()
  @IsIn(ORDER_STATUSES, { each: true })
  @ApiPropertyOptional({
    enum: ORDER_STATUSES,
    isArray: true,
    maxItems: MAX_VALUES,
    description: 'Only orders with one of these statuses; may be repeated.',
    example: ['NEW'],
  })
  status?: OrderStatus[];

  @Optional()
  @IsListParameter()
  @IsIn(ORDER_PRIORITIES, { each: true })
  @ApiPropertyOptional({ enum: ORDER_PRIORITIES, isArray: true, maxItems: MAX_VALUES, description: 'May be repeated.' })
  priority?: OrderPriority[];

  @Optional()
  @IsListParameter()
  @IsText(100, { each: true })
  @ApiPropertyOptional({
    type: 'array',
    items: textSchema(100),
    maxItems: MAX_VALUES,
    description: 'Exact material; may be repeated.',
  })
  material?: string[];

  @Optional()
  @IsListParameter()
  @IsIn(ORDER_SOURCES, { each: true })
  @ApiPropertyOptional({ enum: ORDER_SOURCES, isArray: true, maxItems: MAX_VALUES, description: 'May be repeated.' })
  source?: OrderSource[];

  @Optional()
  @IsListParameter()
  @IsText(255, { each: true })
  @ApiPropertyOptional({
    type: 'array',
    items: textSchema(255),
    maxItems: MAX_VALUES,
    description: 'Operator that took the order; may be repeated.',
  })
  assignee?: string[];

  @Optional()
  @Matches(new RegExp(LETTER_OR_DIGIT, 'u'), { message: 'q must contain a letter or a digit' })
  @IsText(100)
  @ApiPropertyOptional({
    description:
      'Text in the names of customer and product, in the material or in the externalId, or the number of an order. ' +
      'It must contain a letter or a digit. One or two characters match only at the start of words.',
    ...textSchema(100, LETTER_OR_DIGIT),
  })
  q?: string;

  @Optional()
  @IsDateTime()
  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'Created at this time or later.' })
  createdFrom?: Date;

  @Optional()
  @IsDateTime()
  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'Created before this time.' })
  createdTo?: Date;

  @Optional()
  @IsDateTime()
  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'Due before this time.' })
  dueBefore?: Date;

  @Optional()
  @IsIn(ORDER_SORTS)
  @ApiPropertyOptional({
    enum: ORDER_SORTS,
    default: '-createdAt',
    description: 'Newest first, oldest first, earliest due date first, or most urgent first (then oldest first).',
  })
  sort: OrderSort = '-createdAt';

  @Optional()
  @Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value,
  )
  @IsInt()
  @Min(1)
  @Max(MAX_LIMIT)
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT })
  limit: number = DEFAULT_LIMIT;

  @Optional()
  @Matches(CURSOR, { message: 'cursor must be the nextCursor of an earlier page' })
  @ApiPropertyOptional({
    pattern: CURSOR.source,
    description: 'The `nextCursor` of the previous page. The other parameters must not change.',
  })
  cursor?: string;

  filter(): OrderFilter {
    const { status, priority, material, source, assignee, q, createdFrom, createdTo, dueBefore } = this;
    return { status, priority, material, source, assignee, q, createdFrom, createdTo, dueBefore };
  }

  /** Identifies the list. All spellings of a query give the same text. */
  normalisedList(): string {
    return JSON.stringify([this.filter(), this.sort]);
  }

  /** Identifies the page and its list. */
  normalised(): string {
    return JSON.stringify([this.filter(), this.sort, this.limit, this.cursor]);
  }
}
