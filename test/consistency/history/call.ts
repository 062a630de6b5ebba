import type { OrderStatus } from '../../../apps/mes-api/src/orders/order-status.js';
import type { OrderPriority, OrderSort } from '../../../apps/mes-api/src/orders/order.js';

/** What an answer shows of an order, as far as the checker looks. */
export interface SeenOrder {
  readonly id: string;
  readonly version: number;
  readonly status: OrderStatus;
  readonly priority: OrderPriority;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly dueAt?: string | undefined;
  readonly assignee?: string | undefined;
}

/** Which orders a list is of, and in which order. */
export interface List {
  /** All without it. */
  readonly statuses?: readonly OrderStatus[];
  readonly priorities?: readonly OrderPriority[];
  /** Only the orders of this partner, who sees no others. */
  readonly createdBy?: string;
  readonly sort: OrderSort;
  readonly limit: number;
}

export type Asked =
  | { readonly kind: 'create' }
  | { readonly kind: 'change'; readonly order: string; readonly to: OrderStatus }
  | { readonly kind: 'order' | 'history'; readonly order: string }
  | {
      readonly kind: 'page';
      readonly list: List;
      /** Names the pages that were read one after the other, each by the cursor of the one before. */
      readonly walk?: string;
      /** The last order of the page before. */
      readonly after?: SeenOrder;
    }
  | { readonly kind: 'counts' };

export type Came =
  | { readonly kind: 'order'; readonly order: SeenOrder }
  /** Of an order's past changes, the last one. */
  | { readonly kind: 'history'; readonly version: number }
  | { readonly kind: 'page'; readonly items: readonly SeenOrder[]; readonly isLast: boolean }
  | { readonly kind: 'counts'; readonly counts: Readonly<Record<OrderStatus, number>> }
  /** Done, says somebody who does not tell what came of it, such as SQL. */
  | { readonly kind: 'done' }
  | { readonly kind: 'missing' }
  /** The change is not possible from where the order is. */
  | { readonly kind: 'conflict'; readonly version: number }
  /** Nobody knows what was done: the connection broke, or the server says that something went wrong. */
  | { readonly kind: 'unknown' };

/** A request and its answer. Times are in milliseconds, by one clock that never goes back: that of who recorded them. */
export interface Call {
  /** Who does one thing after the other. */
  readonly client: string;
  /** Who was asked. */
  readonly instance: string;
  readonly start: number;
  readonly end: number;
  readonly asked: Asked;
  readonly came: Came;
  /** Of writes: a text that is stored with what was written, so that one can tell what became of it. */
  readonly mark?: string;
}
