import type { OrderStatus } from './order-status.js';

/** One past status change of an order. */
export interface OrderHistoryEntry {
  readonly from: OrderStatus;
  readonly to: OrderStatus;
  readonly by: string;
  readonly at: Date;
  /** The version that the order got by this change. */
  readonly version: number;
  readonly comment?: string | undefined;
}
