import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, Matches, ValidateIf } from 'class-validator';
import { SUBJECT } from '../../auth/caller.js';
import { invalidInput } from '../../problem-details/problem.js';
import { SchemaRules } from '../../openapi/schema-rules.decorator.js';
import { Optional } from '../../validation/cardinality.decorators.js';
import { IsDateTime } from '../../validation/date-time.decorator.js';
import type { WantedFields } from '../order-change.js';
import { ORDER_PRIORITIES, type OrderPriority } from '../order.js';
import { ORDER_PRIORITY } from './enums.js';

/** The fields that are to change, with their new values. */
@SchemaRules({ minProperties: 1 })
export class ChangeOrderDto implements WantedFields {
  @Optional()
  @IsIn(ORDER_PRIORITIES)
  @ApiPropertyOptional({ ...ORDER_PRIORITY, example: 'URGENT' })
  priority?: OrderPriority;

  @ValidateIf((_, value) => value !== undefined && value !== null)
  @IsDateTime()
  @ApiPropertyOptional({
    oneOf: [{ type: 'string', format: 'date-time' }, { type: 'null' }],
    description: 'In the future; null for none. Requires the role admin.',
    example: '2031-05-17T09:30:00Z',
  })
  dueAt?: Date | null;

  @Optional()
  @Matches(SUBJECT, { message: 'assignee must be 1 to 255 visible ASCII characters, like the subject of a token' })
  @ApiPropertyOptional({
    type: String,
    pattern: SUBJECT.source,
    description:
      'Hands the order over to this operator: the subject of their token. For the present `assignee` and admins, if somebody has ' +
      'the order in work. Any subject is accepted, because the API does not know the operators: only the issuer of the tokens does. ' +
      'An admin can hand over again what went to nobody.',
    example: 'operator-2',
  })
  assignee?: string;
}

/**
 * The fields that are to change.
 *
 * @throws {Problem} 400 if there is none
 */
export function wantedFields({ priority, dueAt, assignee }: ChangeOrderDto): WantedFields {
  const wanted = { priority, dueAt, assignee };
  if (Object.values(wanted).every((value) => value === undefined)) {
    throw invalidInput([{ field: '', message: 'the body must have priority, dueAt or assignee' }]);
  }
  return wanted;
}
