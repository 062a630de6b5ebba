import type { OrderStatus } from '../../../apps/mes-api/src/orders/order-status.js';
import type { OrderPriority, OrderSort } from '../../../apps/mes-api/src/orders/order.js';

/** The members of an order in a response that the checker reads. */
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

/** The filter, the sort order and the page size of a list. */
export interface List {
  /** Lists orders of all statuses if absent. */
  readonly statuses?: readonly OrderStatus[];
  readonly priorities?: readonly OrderPriority[];
  /** The partner whose orders are listed; partners are shown no others. */
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
      /** The name of a walk: pages that were read one after another, each by the cursor of the page before. */
      readonly walk?: string;
      /** The last order on the page before. */
      readonly after?: SeenOrder;
    }
  | { readonly kind: 'counts' };

export type Came =
  | { readonly kind: 'order'; readonly order: SeenOrder }
  /** The version after the last change in the history of an order. */
  | { readonly kind: 'history'; readonly version: number }
  | { readonly kind: 'page'; readonly items: readonly SeenOrder[]; readonly isLast: boolean }
  | { readonly kind: 'counts'; readonly counts: Readonly<Record<OrderStatus, number>> }
  /** A write without a response body, such as a statement in SQL. */
  | { readonly kind: 'done' }
  | { readonly kind: 'missing' }
  /** The current status of the order does not allow the change. */
  | { readonly kind: 'conflict'; readonly version: number }
  /** The outcome is unknown: the connection broke, or the server reported an error. */
  | { readonly kind: 'unknown' };

/** A request and its response. Times are in milliseconds, on the recorder's monotonic clock. */
export interface Call {
  /** The client, which sends one request at a time. */
  readonly client: string;
  readonly instance: string;
  readonly start: number;
  readonly end: number;
  readonly asked: Asked;
  readonly came: Came;
  /** A text that a write stores with its data, so that the checker finds the write in the database. */
  readonly mark?: string;
}
