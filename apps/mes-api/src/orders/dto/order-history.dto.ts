import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { OrderHistoryEntry } from '../order.js';
import { ORDER_STATUSES, type OrderStatus } from '../order-status.js';

/** One past status change. */
export class OrderHistoryEntryDto {
  @ApiProperty({ enum: ORDER_STATUSES })
  from!: OrderStatus;

  @ApiProperty({ enum: ORDER_STATUSES })
  to!: OrderStatus;

  @ApiProperty({ description: 'The caller that changed the status.' })
  by!: string;

  @ApiProperty({ type: String, format: 'date-time' })
  at!: string;

  @ApiProperty({ type: 'integer', description: 'Version of the order after the change.', example: 2 })
  version!: number;

  @ApiPropertyOptional({ type: String })
  comment?: string | undefined;
}

/** All past status changes, oldest first. */
export class OrderHistoryDto {
  @ApiProperty({ type: OrderHistoryEntryDto, isArray: true })
  items!: OrderHistoryEntryDto[];
}

/** The history in the format of the API. */
export function presentHistory(entries: readonly OrderHistoryEntry[]): OrderHistoryDto {
  return { items: entries.map((entry) => ({ ...entry, at: entry.at.toISOString() })) };
}
