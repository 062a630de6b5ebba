import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, ValidateBy, ValidateIf, type ValidationArguments } from 'class-validator';
import { SchemaRules } from '../../openapi/schema-rules.decorator.js';
import { Optional } from '../../validation/cardinality.decorators.js';
import { IsText, textSchema } from '../../validation/text.decorator.js';
import { HOLD_REASONS, ORDER_STATUSES, UNNAMED_REASON, type HoldReason, type OrderStatus } from '../order-status.js';
import { HOLD_REASON, ORDER_STATUS } from './enums.js';

const WITH_COMMENT = { required: ['comment'], properties: { comment: { type: 'string' } } };
const WITH_NAMED_REASON = { required: ['reason'], properties: { reason: { not: { const: UNNAMED_REASON } } } };

/** The rules of {@link flawOf}, in JSON Schema. */
export const RULES_OF_REASONS = {
  if: { properties: { status: { const: 'ON_HOLD' } } },
  then: { anyOf: [WITH_COMMENT, WITH_NAMED_REASON] },
  // Some generators do not know the schema `false`.
  else: { not: { properties: { reason: {} }, required: ['reason'] } },
};

/** A status change, of whatever order. */
@SchemaRules(RULES_OF_REASONS)
export class ChangeStatusDto {
  @IsIn(ORDER_STATUSES)
  @ApiProperty({
    ...ORDER_STATUS,
    example: 'ON_HOLD',
    description: 'One of the order’s `nextStatuses`.',
  })
  status!: OrderStatus;

  @ValidateIf((body: ChangeStatusDto) => body.reason !== undefined || body.status === 'ON_HOLD')
  @IsReason()
  @ApiPropertyOptional({
    ...HOLD_REASON,
    example: 'MATERIAL_MISSING',
    description:
      `Why the order is put on hold; for ON_HOLD only. If it is left out, it is ${UNNAMED_REASON}. ${UNNAMED_REASON} needs a ` +
      '`comment`.',
  })
  reason?: HoldReason;

  @Optional()
  @IsText(2_000)
  @ApiPropertyOptional({
    ...textSchema(2_000),
    example: 'No gold 585 until Thursday.',
    description: 'Kept in the order’s history.',
  })
  comment?: string;
}

/** The reason of a valid change to ON_HOLD; undefined for other statuses. */
export function reasonOf({ status, reason = UNNAMED_REASON }: ChangeStatusDto): HoldReason | undefined {
  return status === 'ON_HOLD' ? reason : undefined;
}

function IsReason(): PropertyDecorator {
  return ValidateBy({
    name: 'isReason',
    validator: {
      validate: (_, of) => flawOf(of) === undefined,
      defaultMessage: (of) => flawOf(of) ?? '',
    },
  });
}

function flawOf(of: ValidationArguments | undefined): string | undefined {
  const { status, reason, comment } = (of?.object ?? {}) as Partial<ChangeStatusDto>;
  if (status !== 'ON_HOLD') return 'reason belongs to the status ON_HOLD only';
  if (reason !== undefined && !HOLD_REASONS.includes(reason)) {
    return `reason must be one of the following values: ${HOLD_REASONS.join(', ')}`;
  }
  if (comment !== undefined || (reason ?? UNNAMED_REASON) !== UNNAMED_REASON) return undefined;
  return reason === undefined ? 'ON_HOLD needs a reason, or a comment' : `the reason ${reason} needs a comment`;
}
