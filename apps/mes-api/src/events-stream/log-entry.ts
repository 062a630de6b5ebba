import type { FieldChange } from '../orders/order-change.js';
import type { OrderPriority } from '../orders/order.js';
import type { OrderStatus } from '../orders/order-status.js';
import type { Position } from './position.js';

interface Entry {
  /** The position after this entry. */
  readonly position: Position;
  /** Whether the write was announced to the cache. */
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

export interface StatusChangedEntry extends Entry {
  readonly type: 'order.status-changed';
  readonly orderId: string;
  readonly number: number;
  readonly version: number;
  readonly from: OrderStatus;
  readonly status: OrderStatus;
  readonly assignee: string | null;
  /** The caller; null for a write by SQL outside the API. */
  readonly by: string | null;
}

export interface FieldsChangedEntry extends Entry {
  readonly type: 'order.changed';
  readonly orderId: string;
  readonly number: number;
  readonly version: number;
  readonly status: OrderStatus;
  readonly priority: OrderPriority;
  readonly assignee: string | null;
  /** Null if the order was deleted meanwhile. */
  readonly by: string | null;
  readonly changes: readonly FieldChange[] | null;
}

/** A change of unknown extent: clients fetch everything again. */
export interface ResetEntry extends Entry {
  readonly type: 'reset';
}

/** An entry of the log. */
export type LogEntry = CreatedEntry | StatusChangedEntry | FieldsChangedEntry | ResetEntry;

export const ENTRY_TYPES: readonly LogEntry['type'][] = [
  'order.created',
  'order.status-changed',
  'order.changed',
  'reset',
];
