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

/** How a write was announced. */
export interface Announced {
  /** Where the cache was told that the write is under way; if nowhere, the database tells all instances of it by itself. */
  readonly announcedTo?: string | undefined;
}

/** What became of that. */
export interface Heard {
  /** Whether that is where all instances look. If not, the database has told them of the write by itself. */
  readonly isAnnounced: boolean;
}

/** An order about to be created. */
export interface NewOrder extends OrderRequest, Announced {
  readonly id: string;
  readonly createdBy: string;
  readonly idempotency?: { readonly key: string; readonly hash: string } | undefined;
}

export interface Creation extends Heard {
  readonly order: Order;
  /** The same request had been made before, and this is its answer. */
  readonly repeated: boolean;
}

export interface ChangeStatus extends Announced {
  readonly orderId: string;
  readonly to: OrderStatus;
  readonly by: string;
  readonly comment?: string | undefined;
  /** Only if the order has one of these versions. */
  readonly ifVersions?: readonly number[] | undefined;
}

export interface StatusChange extends Heard {
  readonly order: Order;
  readonly from: OrderStatus;
}

/** Where a page goes on: the sort values and the id of the last order of the page before. */
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
  /** Text to look for, or the number of an order. */
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
  /** Where the next page begins; absent on the last one. */
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

/** Where the orders are. The class is the port and its injection token. */
export abstract class OrdersRepository {
  /**
   * @throws {ExternalIdTakenError}
   * @throws {IdempotencyKeyReusedError}
   */
  abstract create(order: NewOrder): Promise<Creation>;

  /** The answer to an earlier request of this creator with this key, if there was one. */
  abstract findByIdempotencyKey(
    createdBy: string,
    key: string,
  ): Promise<{ readonly order: Order; readonly hash: string } | undefined>;

  /**
   * Changes the status and writes the history, both or nothing.
   *
   * @throws {OrderNotFoundError}
   * @throws {VersionMismatchError}
   * @throws {IllegalTransitionError}
   */
  abstract changeStatus(change: ChangeStatus): Promise<StatusChange>;

  abstract find(id: string, visibility: Visibility): Promise<Order | undefined>;

  /** Past status changes, oldest first; nothing if there is no such order for this caller. */
  abstract history(id: string, visibility: Visibility): Promise<readonly OrderHistoryEntry[] | undefined>;

  abstract list(list: OrderPageRequest): Promise<OrderPage>;

  /**
   * Counts the orders by status, and those created in each hour.
   *
   * @param lastHour the last hour to count; its first moment, in UTC
   */
  abstract count(lastHour: Date, hours: number): Promise<OrderCounts>;
}

/** Injection token of the repository that the write-through decorator wraps. */
export const PERSISTENT_ORDERS = Symbol('PERSISTENT_ORDERS');
