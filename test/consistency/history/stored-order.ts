import type { Call } from './call.js';
import type { OrderStatus } from '../../../apps/mes-api/src/orders/order-status.js';
import type { OrderPriority } from '../../../apps/mes-api/src/orders/order.js';

/** One status change as it is in the database. */
export interface StoredChange {
  readonly version: number;
  readonly to: OrderStatus;
  readonly mark: string | null;
}

/** An order as it is in the database after everything is over, with all that happened to it. */
export interface StoredOrder {
  readonly id: string;
  readonly priority: OrderPriority;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly dueAt: string | null;
  readonly mark: string | null;
  readonly status: OrderStatus;
  readonly version: number;
  /** Oldest first. */
  readonly changes: readonly StoredChange[];
}

/** A history, and what the database held when it began and when it was over. */
export interface RecordedRun {
  readonly calls: readonly Call[];
  /** The version of each order that was there before the first call. */
  readonly before: ReadonlyMap<string, number>;
  readonly after: readonly StoredOrder[];
}
