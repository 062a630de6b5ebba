import type { Call } from './call.js';
import type { OrderStatus } from '../../../apps/mes-api/src/orders/order-status.js';
import type { OrderPriority } from '../../../apps/mes-api/src/orders/order.js';

/** A status change in the database. */
export interface StoredChange {
  readonly version: number;
  readonly to: OrderStatus;
  readonly mark: string | null;
}

/** An order in the database after the run, with its status changes. */
export interface StoredOrder {
  readonly id: string;
  readonly priority: OrderPriority;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly dueAt: string | null;
  readonly mark: string | null;
  readonly status: OrderStatus;
  readonly version: number;
  /** The status changes, oldest first. */
  readonly changes: readonly StoredChange[];
}

/** A history, and the contents of the database before and after it. */
export interface RecordedRun {
  readonly calls: readonly Call[];
  /** The version of each order before the first call. */
  readonly before: ReadonlyMap<string, number>;
  readonly after: readonly StoredOrder[];
}
