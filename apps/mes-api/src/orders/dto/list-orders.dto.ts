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

/** The query of the list, validated and normalised. */
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
    description: 'Exactly this material; may be repeated.',
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
    description: 'Taken by this operator; may be repeated.',
  })
  assignee?: string[];

  @Optional()
  @Matches(new RegExp(LETTER_OR_DIGIT, 'u'), { message: 'q must have a letter or a digit' })
  @IsText(100)
  @ApiPropertyOptional({
    description:
      'Text in the names of customer and product, in the material or in the externalId; or the number of an order. ' +
      'It has a letter or a digit. One or two characters are looked for where words begin only.',
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
    description: 'Newest first, oldest first, due soonest first, or most urgent first (then oldest first).',
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
    description: 'The `nextCursor` of the page before, with all other parameters as they were there.',
  })
  cursor?: string;

  filter(): OrderFilter {
    const { status, priority, material, source, assignee, q, createdFrom, createdTo, dueBefore } = this;
    return { status, priority, material, source, assignee, q, createdFrom, createdTo, dueBefore };
  }

  /** Which list this is, whatever page of it: the same text for every spelling of the same question. */
  normalisedList(): string {
    return JSON.stringify([this.filter(), this.sort]);
  }

  /** Which page of which list this is. */
  normalised(): string {
    return JSON.stringify([this.filter(), this.sort, this.limit, this.cursor]);
  }
}
