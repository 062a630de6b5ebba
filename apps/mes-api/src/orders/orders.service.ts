import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { v7 as uuidv7 } from 'uuid';
import { CursorCodec } from './cursor-codec.js';
import { checkRole } from './order-change.js';
import { OrderChanged, OrderCreated, StatusChanged } from './order-events.js';
import {
  DueDatePassedError,
  IdempotencyKeyReusedError,
  OrderError,
  OrderNotFoundError,
  OrderRoleMissingError,
} from './order-errors.js';
import type { DueCount, OrderThroughput, Workload } from './order-figures.js';
import type { OrderHistory } from './order-history.js';
import { transitionsTo } from './order-status.js';
import { type Order, type OrderRequest, type OrderSort, type Visibility, visibilityKey } from './order.js';
import {
  OrdersRepository,
  type ChangedOrder,
  type ChangeFields,
  type ChangeStatuses,
  type OrderCounts,
  type OrderFilter,
  type OrderTotal,
} from './repository/orders.repository.js';

export interface ListQuery {
  readonly filter: OrderFilter;
  readonly sort: OrderSort;
  readonly limit: number;
  readonly cursor?: string | undefined;
  /** Identifies filter and sort. */
  readonly list: string;
}

@Injectable()
export class OrdersService {
  constructor(
    private readonly orders: OrdersRepository,
    private readonly cursors: CursorCodec,
    private readonly events: EventEmitter2,
  ) {}

  /**
   * Creates an order. If the creator has used the idempotency key before, returns the earlier order.
   *
   * @throws {DueDatePassedError}
   * @throws {ExternalIdTakenError}
   * @throws {IdempotencyKeyReusedError}
   */
  async create(request: OrderRequest, createdBy: string, idempotencyKey?: string): Promise<Order> {
    const idempotency = idempotencyKey === undefined ? undefined : { key: idempotencyKey, hash: hashOf(request) };
    if (request.dueAt && request.dueAt.getTime() <= Date.now()) {
      // A repeated request is answered even if its due date has passed since the first one.
      const earlier = idempotency && (await this.orders.findByIdempotencyKey(createdBy, idempotency.key));
      if (!earlier) throw new DueDatePassedError();
      if (earlier.hash !== idempotency.hash) throw new IdempotencyKeyReusedError();
    }

    const { order, repeated } = await this.orders.create({ ...request, id: uuidv7(), createdBy, idempotency });
    if (!repeated) await this.events.emitAsync(OrderCreated.eventName, new OrderCreated(order));
    return order;
  }

  /**
   * Changes the status of an order. Succeeds if an identical request of the same caller has just done so.
   *
   * @throws {OrderRoleMissingError}
   * @throws {OrderNotFoundError}
   * @throws {VersionMismatchError}
   * @throws {OrderOfAnotherError}
   * @throws {IllegalTransitionError} also if another caller was faster
   */
  async changeStatus(order: ChangedOrder, change: Omit<ChangeStatuses, 'orders'>): Promise<Order> {
    const [outcome = new OrderNotFoundError()] = await this.changeStatuses({ ...change, orders: [order] });
    if (outcome instanceof OrderError) throw outcome;
    return outcome;
  }

  /**
   * Changes the status of several different orders, each by itself.
   *
   * @returns each order, or why it was refused, in the order of the request
   * @throws {OrderRoleMissingError}
   */
  async changeStatuses(change: ChangeStatuses): Promise<readonly (Order | OrderError)[]> {
    if (change.by.role === 'creator' && !transitionsTo(change.to).some(({ byCreator }) => byCreator)) {
      throw new OrderRoleMissingError(`Changing the status to ${change.to} requires the role operator or admin.`);
    }
    const outcomes = await this.orders.changeStatuses(change);
    for (const outcome of outcomes) {
      if (outcome instanceof OrderError || outcome.repeated) continue;
      await this.events.emitAsync(StatusChanged.eventName, new StatusChanged(outcome.order, outcome.from));
    }
    return outcomes.map((outcome) => (outcome instanceof OrderError ? outcome : outcome.order));
  }

  /**
   * Changes fields of an order. Writes nothing if it has the wanted values.
   *
   * @throws {OrderRoleMissingError}
   * @throws {OrderNotFoundError}
   * @throws {VersionMismatchError}
   * @throws {ChangeNotAllowedError}
   * @throws {OrderOfAnotherError}
   * @throws {DueDatePassedError}
   */
  async changeFields(change: ChangeFields): Promise<Order> {
    checkRole(change.wanted, change.by);
    const { order, changes } = await this.orders.changeFields(change);
    if (changes.length > 0) await this.events.emitAsync(OrderChanged.eventName, new OrderChanged(changes));
    return order;
  }

  /** @throws {OrderNotFoundError} */
  async find(id: string, visibility: Visibility): Promise<Order> {
    const order = await this.orders.find(id, visibility);
    if (!order) throw new OrderNotFoundError();
    return order;
  }

  /** @throws {OrderNotFoundError} */
  async history(id: string, visibility: Visibility): Promise<OrderHistory> {
    const history = await this.orders.history(id, visibility);
    if (!history) throw new OrderNotFoundError();
    return history;
  }

  /** @throws {CursorInvalidError} */
  async list(
    query: ListQuery,
    visibility: Visibility,
  ): Promise<{ orders: readonly Order[]; nextCursor: string | null }> {
    const list = `${visibilityKey(visibility)}\n${query.list}`;
    const after = query.cursor === undefined ? undefined : await this.cursors.decode(query.cursor, list);
    const { filter, sort, limit } = query;
    const { orders, next } = await this.orders.list({ filter, sort, limit, after, visibility });
    return { orders, nextCursor: next ? await this.cursors.encode(next, list) : null };
  }

  /** How many orders a filter selects. */
  total(filter: OrderFilter, visibility: Visibility): Promise<OrderTotal> {
    return this.orders.total(filter, visibility);
  }

  /** The numbers of orders by status, and of those created in each of so many hours up to `lastHour`. */
  count(lastHour: Date, hours: number): Promise<OrderCounts> {
    return this.orders.count(lastHour, hours);
  }

  /** The numbers of unfinished orders that are overdue at this time, and of those due in the 24 hours after it. */
  countDue(at: Date): Promise<readonly DueCount[]> {
    return this.orders.countDue(at);
  }

  /** What was done in each of so many hours up to `lastHour`. */
  throughput(lastHour: Date, hours: number): Promise<OrderThroughput> {
    return this.orders.throughput(lastHour, hours);
  }

  /** Counts the started orders of each operator, and shows those that are due soonest. */
  workload(): Promise<Workload> {
    return this.orders.workload();
  }
}

/** A hash of the content of a request. It does not depend on the spelling of the JSON. */
function hashOf(request: OrderRequest): string {
  const { externalId, source, customer, product, material, quantity, price, priority, dueAt, comment } = request;
  const fields = [
    ...[externalId, source, customer.id, customer.name, product.name, product.modelUrl, material, quantity],
    ...[price?.amount, price?.currency, priority, dueAt, comment],
  ];
  return createHash('sha256').update(JSON.stringify(fields)).digest('base64url');
}
