import type { FieldChange } from './order-change.js';
import type { HoldReason, OrderStatus } from './order-status.js';

interface HistoryEntry {
  readonly by: string;
  readonly at: Date;
  /** The version that the change gave the order. */
  readonly version: number;
}

/** One past status change of an order. */
export interface OrderHistoryEntry extends HistoryEntry {
  readonly from: OrderStatus;
  readonly to: OrderStatus;
  readonly reason?: HoldReason | undefined;
  readonly comment?: string | undefined;
}

/** What has happened to an order, oldest first. */
export interface OrderHistory {
  readonly createdAt: Date;
  /** The current status. */
  readonly status: OrderStatus;
  readonly steps: readonly OrderHistoryEntry[];
  readonly changes: readonly (FieldChange & HistoryEntry)[];
}

/** When the order came into its current status. */
export function currentSince({ createdAt, steps }: OrderHistory): Date {
  return steps.at(-1)?.at ?? createdAt;
}

/** For how long the order had each of its past statuses, in milliseconds. The current one is not included. */
export function timeInStatus({ createdAt, steps }: OrderHistory): Partial<Record<OrderStatus, number>> {
  const times: Partial<Record<OrderStatus, number>> = {};
  let since = createdAt.getTime();
  for (const { from, at } of steps) {
    // The clock of the database may have been set back.
    times[from] = (times[from] ?? 0) + Math.max(0, at.getTime() - since);
    since = at.getTime();
  }
  return times;
}
