import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type FieldChange } from '../order-change.js';
import { currentSince, timeInStatus, type OrderHistory } from '../order-history.js';
import { ORDER_STATUSES, type HoldReason, type OrderStatus } from '../order-status.js';
import { CHANGEABLE_FIELD, HOLD_REASON, ORDER_STATUS } from './enums.js';

/** One past status change. */
export class OrderHistoryEntryDto {
  @ApiProperty({ ...ORDER_STATUS })
  from!: OrderStatus;

  @ApiProperty({ ...ORDER_STATUS })
  to!: OrderStatus;

  @ApiProperty({ description: 'The caller that changed the status.' })
  by!: string;

  @ApiProperty({ type: String, format: 'date-time' })
  at!: string;

  @ApiProperty({ type: 'integer', description: 'Version of the order after the change.', example: 2 })
  version!: number;

  @ApiPropertyOptional({
    ...HOLD_REASON,
    description: 'Of a change to ON_HOLD; absent if it was made before reasons were kept.',
  })
  reason?: HoldReason | undefined;

  @ApiPropertyOptional({ type: String })
  comment?: string | undefined;
}

/** The past change of a field. */
export class FieldChangeDto {
  @ApiProperty({ ...CHANGEABLE_FIELD })
  field!: FieldChange['field'];

  @ApiPropertyOptional({ type: String, description: 'Absent if the field had no value.', example: 'NORMAL' })
  from?: string | undefined;

  @ApiPropertyOptional({ type: String, description: 'Absent if the field has no value any more.', example: 'URGENT' })
  to?: string | undefined;
}

export class OrderHistoryChangeDto extends FieldChangeDto {
  @ApiProperty({ description: 'The caller that changed the field.' })
  by!: string;

  @ApiProperty({ type: String, format: 'date-time' })
  at!: string;

  @ApiProperty({
    type: 'integer',
    description: 'Version of the order after the change. Fields that were changed together have the same.',
    example: 3,
  })
  version!: number;
}

export class CurrentStatusDto {
  @ApiProperty({ ...ORDER_STATUS })
  status!: OrderStatus;

  @ApiProperty({ type: String, format: 'date-time' })
  since!: string;
}

/** What has happened to an order. */
export class OrderHistoryDto {
  @ApiProperty({ type: OrderHistoryEntryDto, isArray: true, description: 'All past status changes, oldest first.' })
  items!: OrderHistoryEntryDto[];

  @ApiProperty({
    type: OrderHistoryChangeDto,
    isArray: true,
    description: 'All past changes of priority, due date and assignee by `PATCH /orders/{id}`, oldest first.',
  })
  changes!: OrderHistoryChangeDto[];

  @ApiProperty({
    type: 'object',
    properties: Object.fromEntries(ORDER_STATUSES.map((status) => [status, { type: 'integer' as const, minimum: 0 }])),
    additionalProperties: false,
    description:
      'For how many milliseconds the order had each of its past statuses, all times together. The time since ' +
      '`current.since` comes on top of that.',
    example: { NEW: 5_400_000, MANUFACTURING_STARTED: 86_400_000 },
  })
  timeInStatus!: Partial<Record<OrderStatus, number>>;

  @ApiProperty({ type: CurrentStatusDto })
  current!: CurrentStatusDto;
}

/** The history in the format of the API. */
export function presentHistory(history: OrderHistory): OrderHistoryDto {
  const withText = <T extends { readonly at: Date }>(entry: T): Omit<T, 'at'> & { readonly at: string } => ({
    ...entry,
    at: entry.at.toISOString(),
  });
  return {
    items: history.steps.map(withText),
    changes: history.changes.map(withText),
    timeInStatus: timeInStatus(history),
    current: { status: history.status, since: currentSince(history).toISOString() },
  };
}
