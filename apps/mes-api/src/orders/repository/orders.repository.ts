import type { FieldChange, WantedFields } from '../order-change.js';
import type { DueCount, OrderThroughput, Workload } from '../order-figures.js';
import type { OrderError } from '../order-errors.js';
import type { OrderHistory } from '../order-history.js';
import type { Actor, Order, OrderPriority, OrderRequest, OrderSort, OrderSource, Visibility } from '../order.js';
import type { HoldReason, OrderStatus } from '../order-status.js';

/** The announcement of a write to the cache. If it does not hold, the database notifies all instances of the write. */
export interface Announcement {
  /** The store that knows of the pending write; undefined if none could be told. */
  readonly store: string | undefined;
  /** Until when the write must have reached the database, as `performance.now()`. */
  readonly until: number;
}

/** A write that may have been announced. */
export interface AnnouncedWrite {
  readonly announced?: Announcement;
}

/** The outcome of an announcement. */
export interface AnnouncementOutcome {
  /** Whether all instances use its store, and the write was in time. If not, the database has notified them of the write. */
  readonly isAnnounced: boolean;
}

/** The data of a new order. */
export interface NewOrder extends OrderRequest, AnnouncedWrite {
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
export interface ChangeStatuses extends AnnouncedWrite {
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

export interface ChangeFields extends AnnouncedWrite {
  readonly order: ChangedOrder;
  readonly wanted: WantedFields;
  readonly by: Actor;
}

export interface FieldsChange extends AnnouncementOutcome {
  readonly order: Order;
  /** What was changed; nothing if the order had the wanted values. */
  readonly changes: readonly FieldChange[];
}

/** Which orders move to the archive. All times are in milliseconds. */
export interface ArchiveOrders extends AnnouncedWrite {
  /** Age of the last change of an order, in days, from which on it moves. */
  readonly afterDays: number;
  /** Most orders that are looked at. */
  readonly most: number;
  /** Time until further orders may be looked at, by any instance. */
  readonly pause: number;
  /** The same time after all orders were looked at. */
  readonly rest: number;
}

export interface ArchivedOrders {
  /** The number of orders that were moved. */
  readonly moved: number;
  /** Whether there are further orders to look at after the pause. */
  readonly isMore: boolean;
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

  /** The order that the creator created with this key, and the hash of that request. */
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

  /**
   * Moves old orders that are finished for good to the archive, with their histories, in one transaction. Does nothing while another
   * instance does so, during its pause, and while not all instances use the store of the announcement.
   *
   * An archived order is in no list and no count, except by its number. All else stays as it is: it cannot change any more.
   */
  abstract archive(orders: ArchiveOrders): Promise<ArchivedOrders>;

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

  /** Counts the started orders of each operator, and shows those that are due soonest. */
  abstract workload(): Promise<Workload>;
}

/** Injection token of the repository that the write-through decorator wraps. */
export const PERSISTENT_ORDERS = Symbol('PERSISTENT_ORDERS');
