import type { HoldReason, OrderStatus } from '../../../apps/mes-api/src/orders/order-status.js';
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
  readonly holdReason?: HoldReason | undefined;
}

/** The filter of a list or of a total. */
export interface Filter {
  /** Selects orders of all statuses if absent. */
  readonly statuses?: readonly OrderStatus[];
  readonly priorities?: readonly OrderPriority[];
  readonly assignees?: readonly string[];
  readonly holdReasons?: readonly HoldReason[];
  /** The partner whose orders are selected; partners are shown no others. */
  readonly createdBy?: string;
  /** Orders that are due from the first time, and before the second. */
  readonly due?: readonly [from: string, before: string];
}

/** The filter, the sort order and the page size of a list. */
export interface List extends Filter {
  readonly sort: OrderSort;
  readonly limit: number;
}

export interface Total {
  readonly count: number;
  readonly isExact: boolean;
  readonly byStatus?: Readonly<Partial<Record<OrderStatus, number>>>;
  readonly byPriority?: Readonly<Partial<Record<OrderPriority, number>>>;
}

/** The late orders with a status and priority; absent if there are none. */
export interface DueCount {
  readonly status: OrderStatus;
  readonly priority: OrderPriority;
  readonly overdue: number;
  readonly dueSoon: number;
}

export type Asked =
  | { readonly kind: 'create' }
  | { readonly kind: 'change'; readonly order: string; readonly to: OrderStatus }
  | { readonly kind: 'edit'; readonly order: string; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly kind: 'change several'; readonly orders: readonly string[]; readonly to: OrderStatus }
  | { readonly kind: 'order' | 'history'; readonly order: string }
  | {
      readonly kind: 'page';
      readonly list: List;
      /** The name of a walk: pages that were read one after another, each by the cursor of the page before. */
      readonly walk?: string;
      /** The last order on the page before. */
      readonly after?: SeenOrder;
    }
  | { readonly kind: 'counts' }
  | { readonly kind: 'total'; readonly filter: Filter }
  | { readonly kind: 'due' | 'workload' | 'throughput' };

/** What a request for one order came to. */
export type OrderOutcome =
  | { readonly kind: 'order'; readonly order: SeenOrder }
  | { readonly kind: 'missing' }
  /** The current state of the order does not allow the change. */
  | { readonly kind: 'conflict'; readonly version: number };

export type Came =
  | OrderOutcome
  /** The outcomes of a change of several orders. */
  | { readonly kind: 'several'; readonly outcomes: readonly { readonly id: string; readonly came: OrderOutcome }[] }
  /** The version after the last change in the history of an order. */
  | { readonly kind: 'history'; readonly version: number }
  | { readonly kind: 'page'; readonly items: readonly SeenOrder[]; readonly isLast: boolean }
  | { readonly kind: 'counts'; readonly counts: Readonly<Record<OrderStatus, number>> }
  | { readonly kind: 'total'; readonly total: Total }
  /** The numbers of overdue orders, and of those due within a day, at a time. */
  | { readonly kind: 'due'; readonly asOf: string; readonly counts: readonly DueCount[] }
  /** The number of started orders of each operator. */
  | { readonly kind: 'workload'; readonly started: ReadonlyMap<string, number> }
  /** A write without a response body, such as a statement in SQL; or a read that is only compared with a fresh one in the end. */
  | { readonly kind: 'done' }
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
  /** A text that a write stores with its data, so that the checker finds the write in the database. A repeated write has the same. */
  readonly mark?: string;
}

/** The orders that the response to a write shows. */
export function ordersShown(came: Came): readonly SeenOrder[] {
  if (came.kind === 'several') return came.outcomes.flatMap((outcome) => ordersShown(outcome.came));
  return came.kind === 'order' ? [came.order] : [];
}
