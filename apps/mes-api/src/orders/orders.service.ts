import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { v7 as uuidv7 } from 'uuid';
import { CursorCodec } from './cursor-codec.js';
import { OrderCreated, StatusChanged } from './order-events.js';
import { DueDatePassedError, IdempotencyKeyReusedError, OrderNotFoundError } from './order-errors.js';
import {
  type Order,
  type OrderHistoryEntry,
  type OrderRequest,
  type OrderSort,
  type Visibility,
  visibilityKey,
} from './order.js';
import {
  OrdersRepository,
  type ChangeStatus,
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
   * @throws {OrderNotFoundError}
   * @throws {VersionMismatchError}
   * @throws {IllegalTransitionError} also if another caller was faster
   */
  async changeStatus(change: ChangeStatus): Promise<Order> {
    const { order, from } = await this.orders.changeStatus(change);
    await this.events.emitAsync(StatusChanged.eventName, new StatusChanged(order, from));
    return order;
  }

  /** @throws {OrderNotFoundError} */
  async find(id: string, visibility: Visibility): Promise<Order> {
    const order = await this.orders.find(id, visibility);
    if (!order) throw new OrderNotFoundError();
    return order;
  }

  /** @throws {OrderNotFoundError} */
  async history(id: string, visibility: Visibility): Promise<readonly OrderHistoryEntry[]> {
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
