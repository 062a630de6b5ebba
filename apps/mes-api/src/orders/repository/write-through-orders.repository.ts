import { TaggedCache } from '@mes/cache';
import { Inject, Injectable } from '@nestjs/common';
import { writtenOrder } from '../caching/order-answers.js';
import { orderTag, tagsOfChange, tagsOfCreation, tagsOfPossibleChange } from '../caching/order-tags.js';
import type { Order, OrderHistoryEntry, Visibility } from '../order.js';
import {
  OrdersRepository,
  PERSISTENT_ORDERS,
  type ChangeStatus,
  type Creation,
  type OrderPageRequest,
  type NewOrder,
  type OrderCounts,
  type OrderFilter,
  type OrderPage,
  type OrderTotal,
  type StatusChange,
} from './orders.repository.js';

/** Writes the database, then the cache, and only then answers. Reads go to the database: routes are cached, not methods. */
@Injectable()
export class WriteThroughOrdersRepository extends OrdersRepository {
  constructor(
    @Inject(PERSISTENT_ORDERS) private readonly persistent: OrdersRepository,
    private readonly cache: TaggedCache,
  ) {
    super();
  }

  override create(newOrder: NewOrder): Promise<Creation> {
    return this.cache.write({
      tags: tagsOfCreation(),
      creates: orderTag(newOrder.id),
      transaction: ({ store }) => this.persistent.create({ ...newOrder, announcedTo: store }),
      outcome: ({ order, repeated, isAnnounced }) =>
        repeated
          ? // The first request may not have come as far as this. Its effects must hold for this answer, too.
            { isAnnounced, tags: [...tagsOfCreation(), orderTag(order.id)] }
          : { isAnnounced, created: writtenOrder(order) },
    });
  }

  override changeStatus(change: ChangeStatus): Promise<StatusChange> {
    return this.cache.write({
      tags: tagsOfPossibleChange(change.orderId, change.to),
      // The answer, or the refusal, shows earlier changes of the order, which may not be complete yet.
      shows: [orderTag(change.orderId)],
      transaction: ({ store }) => this.persistent.changeStatus({ ...change, announcedTo: store }),
      outcome: ({ order, from, isAnnounced }) => ({
        isAnnounced,
        tags: tagsOfChange(order.id, [from], order.status),
      }),
    });
  }

  override findByIdempotencyKey(
    createdBy: string,
    key: string,
  ): Promise<{ readonly order: Order; readonly hash: string } | undefined> {
    return this.persistent.findByIdempotencyKey(createdBy, key);
  }

  override find(id: string, visibility: Visibility): Promise<Order | undefined> {
    return this.persistent.find(id, visibility);
  }

  override history(id: string, visibility: Visibility): Promise<readonly OrderHistoryEntry[] | undefined> {
    return this.persistent.history(id, visibility);
  }

  override list(list: OrderPageRequest): Promise<OrderPage> {
    return this.persistent.list(list);
  }

  override total(filter: OrderFilter, visibility: Visibility): Promise<OrderTotal> {
    return this.persistent.total(filter, visibility);
  }

  override count(lastHour: Date, hours: number): Promise<OrderCounts> {
    return this.persistent.count(lastHour, hours);
  }
}
