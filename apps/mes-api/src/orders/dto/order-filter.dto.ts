import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, Matches } from 'class-validator';
import { IsDateTime } from '../../validation/date-time.decorator.js';
import {
  IsListParameter,
  IsWholeNumberParameter,
  MAX_VALUES,
  Optional,
} from '../../validation/cardinality.decorators.js';
import { IsText, textSchema } from '../../validation/text.decorator.js';
import { HOLD_REASONS, ORDER_STATUSES, type HoldReason, type OrderStatus } from '../order-status.js';
import { ORDER_PRIORITIES, ORDER_SOURCES, type OrderPriority, type OrderSource } from '../order.js';
import type { OrderFilter } from '../repository/orders.repository.js';
import { asTyped } from '../search-text.js';
import { HOLD_REASON, ORDER_PRIORITY, ORDER_SOURCE, ORDER_STATUS } from './enums.js';

const MAX_NUMBER = 999_999_999;
/** To Unicode, one of the apostrophes is a letter. */
const LETTER_OR_DIGIT = /(?!ʼ)[\p{L}\p{N}]/u;

/** The validated parameters that select orders. They have no examples: Swagger UI would send them. */
export class OrderFilterDto {
  @Optional()
  @IsListParameter()
  @IsIn(ORDER_STATUSES, { each: true })
  @ApiPropertyOptional({
    ...ORDER_STATUS,
    isArray: true,
    maxItems: MAX_VALUES,
    description: 'Only orders with one of these statuses; may be repeated.',
  })
  status?: OrderStatus[];

  @Optional()
  @IsListParameter()
  @IsIn(ORDER_PRIORITIES, { each: true })
  @ApiPropertyOptional({ ...ORDER_PRIORITY, isArray: true, maxItems: MAX_VALUES, description: 'May be repeated.' })
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
  @ApiPropertyOptional({ ...ORDER_SOURCE, isArray: true, maxItems: MAX_VALUES, description: 'May be repeated.' })
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
  @IsListParameter()
  @IsIn(HOLD_REASONS, { each: true })
  @ApiPropertyOptional({
    ...HOLD_REASON,
    isArray: true,
    maxItems: MAX_VALUES,
    description: 'Only orders that are on hold, for one of these reasons; may be repeated.',
  })
  holdReason?: HoldReason[];

  @Optional()
  @IsWholeNumberParameter(1, MAX_NUMBER)
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: MAX_NUMBER,
    description:
      'Only the order with exactly this number, also from the archive. With `q`, a number is found in texts too.',
  })
  number?: number;

  @Optional()
  @Matches(LETTER_OR_DIGIT, { message: 'q must contain a letter or a digit' })
  @IsText(100)
  @ApiPropertyOptional({
    description:
      'Text in the names of customer and product, in the material or in the externalId, or the number of an order, also as ' +
      '`№3281` or `#3281`. Case, the number of spaces, ё or е, and the kind of dashes and quotation marks make no difference. It ' +
      'must contain a letter or a digit. One or two characters match only at the start of a text and after a space, and so does a text ' +
      'such as `a--`.',
    ...textSchema(100),
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
    const { status, priority, material, source, assignee, holdReason, number, q, createdFrom, createdTo, dueBefore } =
      this;
    return {
      // Only orders on hold have a reason.
      status: status ?? (holdReason && ['ON_HOLD']),
      ...{ priority, material, source, assignee, holdReason, number },
      q: q === undefined ? undefined : asTyped(q),
      ...{ createdFrom, createdTo, dueBefore },
    };
  }

  /** Identifies the selected orders. */
  normalisedFilter(): string {
    return JSON.stringify(this.filter());
  }
}
