import type { OrderPriority } from '../orders/order.js';
import type { OrderStatus } from '../orders/order-status.js';
import type { Position } from './position.js';

interface Entry {
  /** Of somebody who has had this entry, and all before it. */
  readonly position: Position;
  /** Whether the cache was told of the write. */
  readonly announced: boolean;
  readonly at: Date;
}

export interface CreatedEntry extends Entry {
  readonly type: 'order.created';
  readonly orderId: string;
  readonly number: number;
  readonly version: number;
  readonly status: OrderStatus;
  readonly priority: OrderPriority;
  readonly material: string;
}

export interface ChangedEntry extends Entry {
  readonly type: 'order.status-changed';
  readonly orderId: string;
  readonly number: number;
  readonly version: number;
  readonly from: OrderStatus;
  readonly status: OrderStatus;
  readonly assignee: string | null;
  /** Nobody knows who it was when it was not done through the API. */
  readonly by: string | null;
}

/** Anything may have changed. */
export interface ResetEntry extends Entry {
  readonly type: 'reset';
}

/** A row of the log. */
export type LogEntry = CreatedEntry | ChangedEntry | ResetEntry;
