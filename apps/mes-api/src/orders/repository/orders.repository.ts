import type {
  Order,
  OrderHistoryEntry,
  OrderPriority,
  OrderRequest,
  OrderSort,
  OrderSource,
  Visibility,
} from '../order.js';
import type { OrderStatus } from '../order-status.js';

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

export interface ChangeStatus extends Announcement {
  readonly orderId: string;
  readonly to: OrderStatus;
  readonly by: string;
  readonly comment?: string | undefined;
  /** The change requires one of these versions. */
  readonly ifVersions?: readonly number[] | undefined;
}

export interface StatusChange extends AnnouncementOutcome {
  readonly order: Order;
  readonly from: OrderStatus;
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
  /** A search text, or the number of an order. */
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
  /** When the oldest order with the status NEW was created. */
  readonly oldestNewOrderAt?: Date | undefined;
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
   * Changes the status and writes the history, in one transaction.
   *
   * @throws {OrderNotFoundError}
   * @throws {VersionMismatchError}
   * @throws {IllegalTransitionError}
   */
  abstract changeStatus(change: ChangeStatus): Promise<StatusChange>;

  abstract find(id: string, visibility: Visibility): Promise<Order | undefined>;

  /** Past status changes, oldest first; undefined if there is no such order or it is not visible. */
  abstract history(id: string, visibility: Visibility): Promise<readonly OrderHistoryEntry[] | undefined>;

  abstract list(list: OrderPageRequest): Promise<OrderPage>;

  /** How many orders the filter selects. By status and priority, any number is exact; otherwise, a limited number is counted. */
  abstract total(filter: OrderFilter, visibility: Visibility): Promise<OrderTotal>;

  /**
   * Counts the orders by status, and those created in each hour.
   *
   * @param lastHour the last hour to count; its first moment, in UTC
   */
  abstract count(lastHour: Date, hours: number): Promise<OrderCounts>;
}

/** Injection token of the repository that the write-through decorator wraps. */
export const PERSISTENT_ORDERS = Symbol('PERSISTENT_ORDERS');
