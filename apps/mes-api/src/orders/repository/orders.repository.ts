import type { FieldChange, WantedFields } from '../order-change.js';
import type { DueCount, OrderThroughput, StartedOrders } from '../order-figures.js';
import type { OrderError } from '../order-errors.js';
import type { OrderHistory } from '../order-history.js';
import type { Actor, Order, OrderPriority, OrderRequest, OrderSort, OrderSource, Visibility } from '../order.js';
import type { HoldReason, OrderStatus } from '../order-status.js';

/** The announcement of a write to the cache. */
export interface Announcement {
  /** The store in which the pending write is registered. Without it, the database notifies all instances of the write. */
  readonly announcedTo?: string | undefined;
}

/** The outcome of an announcement. */
export interface AnnouncementOutcome {
  /** Whether all instances use that store. If not, the database has notified them of the write. */
  readonly isAnnounced: boolean;
}

/** The data of a new order. */
export interface NewOrder extends OrderRequest, Announcement {
  readonly id: string;
  readonly createdBy: string;
  readonly idempotency?: { readonly key: string; readonly hash: string } | undefined;
}

export interface Creation extends AnnouncementOutcome {
  readonly order: Order;
  /** Whether the order was created by an earlier, identical request. */
  readonly repeated: boolean;
}

/** An order that is to be changed. */
export interface ChangedOrder {
  readonly id: string;
  /** The change requires one of these versions. */
  readonly ifVersions?: readonly number[] | undefined;
}

/** The same status change of one order or several different ones. */
export interface ChangeStatuses extends Announcement {
  readonly orders: readonly ChangedOrder[];
  readonly to: OrderStatus;
  readonly by: Actor;
  /** An order that the caller does not see is answered like an unknown one. */
  readonly visibility: Visibility;
  /** Exactly for a change to ON_HOLD. */
  readonly reason?: HoldReason | undefined;
  readonly comment?: string | undefined;
}

export interface StatusChange extends AnnouncementOutcome {
  readonly order: Order;
  readonly from: OrderStatus;
  /** Whether an earlier, identical request of the same caller made the change. */
  readonly repeated: boolean;
}

export interface ChangeFields extends Announcement {
  readonly order: ChangedOrder;
  readonly wanted: WantedFields;
  readonly by: Actor;
}

export interface FieldsChange extends AnnouncementOutcome {
  readonly order: Order;
  /** What was changed; nothing if the order had the wanted values. */
  readonly changes: readonly FieldChange[];
}

/** The start of a page: the sort values and the id of the last order of the previous page. */
export interface PagePosition {
  readonly values: readonly string[];
  readonly id: string;
}

export interface OrderFilter {
  readonly status?: readonly OrderStatus[] | undefined;
  readonly priority?: readonly OrderPriority[] | undefined;
  readonly material?: readonly string[] | undefined;
  readonly source?: readonly OrderSource[] | undefined;
  readonly assignee?: readonly string[] | undefined;
  readonly holdReason?: readonly HoldReason[] | undefined;
  readonly number?: number | undefined;
  /** A search text, or the number of an order, in the form of `asTyped`. */
  readonly q?: string | undefined;
  /** Inclusive. */
  readonly createdFrom?: Date | undefined;
  /** Exclusive. */
  readonly createdTo?: Date | undefined;
  /** Exclusive. */
  readonly dueBefore?: Date | undefined;
}

export interface OrderPageRequest {
  readonly filter: OrderFilter;
  readonly sort: OrderSort;
  readonly limit: number;
  readonly after?: PagePosition | undefined;
  readonly visibility: Visibility;
}

export interface OrderPage {
  readonly orders: readonly Order[];
  /** The start of the next page; absent on the last page. */
  readonly next?: PagePosition | undefined;
}

/** The numbers of orders, all read at one time. */
export interface OrderCounts {
  readonly byStatus: Readonly<Record<OrderStatus, number>>;
  /** The oldest order with the status NEW. */
  readonly oldestNewOrder?: Pick<Order, 'id' | 'number' | 'createdAt'> | undefined;
  readonly createdByHour: readonly { readonly hour: Date; readonly count: number }[];
  readonly asOf: Date;
}

/** The number of orders that a filter selects. */
export interface OrderTotal {
  readonly count: number;
  /** If not, there are at least as many. */
  readonly isExact: boolean;
  /** The numbers by status and priority, of those that the filter allows; only if they are exact. */
  readonly byStatus?: Readonly<Partial<Record<OrderStatus, number>>> | undefined;
  readonly byPriority?: Readonly<Partial<Record<OrderPriority, number>>> | undefined;
}

/** The storage of the orders. The class is the port and its injection token. */
export abstract class OrdersRepository {
  /**
   * @throws {ExternalIdTakenError}
   * @throws {IdempotencyKeyReusedError}
   */
  abstract create(order: NewOrder): Promise<Creation>;

  /** The order that the creator created with this key, as it was then, and the hash of that request. */
  abstract findByIdempotencyKey(
    createdBy: string,
    key: string,
  ): Promise<{ readonly order: Order; readonly hash: string } | undefined>;

  /**
   * Changes the status of orders, and writes their histories, in one transaction. Each order is changed or refused by itself.
   *
   * @returns what came of each order, in the order of the request: the change, or why it was refused, which is an
   *   OrderNotFoundError, an OrderRoleMissingError, a VersionMismatchError, an OrderOfAnotherError or an IllegalTransitionError
   */
  abstract changeStatuses(change: ChangeStatuses): Promise<readonly (StatusChange | OrderError)[]>;

  /**
   * Changes fields of an order and writes its history, in one transaction.
   *
   * @throws {OrderNotFoundError}
   * @throws {VersionMismatchError}
   * @throws {ChangeNotAllowedError}
   * @throws {OrderOfAnotherError}
   * @throws {DueDatePassedError}
   */
  abstract changeFields(change: ChangeFields): Promise<FieldsChange>;

  abstract find(id: string, visibility: Visibility): Promise<Order | undefined>;

  /** Undefined if there is no such order or it is not visible. */
  abstract history(id: string, visibility: Visibility): Promise<OrderHistory | undefined>;

  abstract list(list: OrderPageRequest): Promise<OrderPage>;

  /** How many orders the filter selects. By status and priority, any number is exact; otherwise, a limited number is counted. */
  abstract total(filter: OrderFilter, visibility: Visibility): Promise<OrderTotal>;

  /**
   * Counts the orders by status, and those created in each hour.
   *
   * @param lastHour the last hour to count; its first moment, in UTC
   */
  abstract count(lastHour: Date, hours: number): Promise<OrderCounts>;

  /** Counts the unfinished orders that were due before this time, and those due in the 24 hours after it, up to `MOST_COUNTED`. */
  abstract countDue(at: Date): Promise<readonly DueCount[]>;

  /**
   * Counts what was done in each hour.
   *
   * @param lastHour the last hour to count; its first moment, in UTC
   */
  abstract throughput(lastHour: Date, hours: number): Promise<OrderThroughput>;

  /** The orders that operators have started: the 500 that are due soonest. */
  abstract started(): Promise<StartedOrders>;
}

/** Injection token of the repository that the write-through decorator wraps. */
export const PERSISTENT_ORDERS = Symbol('PERSISTENT_ORDERS');
