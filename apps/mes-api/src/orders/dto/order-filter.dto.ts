import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, Matches } from 'class-validator';
import { IsDateTime } from '../../validation/date-time.decorator.js';
import { IsListParameter, MAX_VALUES, Optional } from '../../validation/cardinality.decorators.js';
import { IsText, textSchema } from '../../validation/text.decorator.js';
import { ORDER_STATUSES, type OrderStatus } from '../order-status.js';
import { ORDER_PRIORITIES, ORDER_SOURCES, type OrderPriority, type OrderSource } from '../order.js';
import type { OrderFilter } from '../repository/orders.repository.js';
import { asTyped } from '../search-text.js';

const LETTER_OR_DIGIT = '[\\p{L}\\p{N}]';

/** The validated parameters that select orders. */
export class OrderFilterDto {
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
      'Text in the names of customer and product, in the material or in the externalId, or the number of an order, also as ' +
      '`№3281` or `#3281`. Case, the number of spaces, ё or е, and the kind of dashes and quotation marks make no difference. It ' +
      'must contain a letter or a digit. One or two characters match only at the start of words.',
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

  /** All spellings of a query give the same filter. */
  filter(): OrderFilter {
    const { status, priority, material, source, assignee, q, createdFrom, createdTo, dueBefore } = this;
    const text = q === undefined ? undefined : asTyped(q);
    return { status, priority, material, source, assignee, q: text, createdFrom, createdTo, dueBefore };
  }

  /** Identifies the selected orders. */
  normalisedFilter(): string {
    return JSON.stringify(this.filter());
  }
}
