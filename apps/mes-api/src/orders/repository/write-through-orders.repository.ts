import { TaggedCache } from '@mes/cache';
import { Inject, Injectable } from '@nestjs/common';
import { writtenOrder } from '../caching/cached-orders.js';
import {
  orderTag,
  tagsOfArchival,
  tagsOfCreation,
  tagsOfFieldsChange,
  tagsOfPossibleFieldsChange,
  tagsOfPossibleStatusChange,
  tagsOfStatusChange,
} from '../caching/order-tags.js';
import { OrderError } from '../order-errors.js';
import type { DueCount, OrderThroughput, Workload } from '../order-figures.js';
import type { OrderHistory } from '../order-history.js';
import type { Order, Visibility } from '../order.js';
import {
  OrdersRepository,
  PERSISTENT_ORDERS,
  type ArchivedOrders,
  type ArchiveOrders,
  type ChangeFields,
  type ChangeStatuses,
  type Creation,
  type FieldsChange,
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
      transaction: (announced) => this.persistent.create({ ...newOrder, announced }),
      outcome: ({ order, repeated, isAnnounced }) =>
        repeated
          ? // The first request may not have come as far as this. Its effects must hold for this answer, too.
            { isAnnounced, tags: [...tagsOfCreation(), orderTag(order.id)] }
          : { isAnnounced, created: writtenOrder(order) },
    });
  }

  override changeStatuses(change: ChangeStatuses): Promise<readonly (StatusChange | OrderError)[]> {
    const ids = change.orders.map(({ id }) => id);
    return this.cache.write({
      tags: tagsOfPossibleStatusChange(ids, change.to),
      // The answer shows earlier changes of the orders, which may not be complete yet: those of a repeated request, too.
      shows: ids.map(orderTag),
      transaction: (announced) => this.persistent.changeStatuses({ ...change, announced }),
      outcome: (outcomes) => {
        const changes = outcomes.flatMap((outcome) =>
          outcome instanceof OrderError || outcome.repeated ? [] : [outcome],
        );
        return {
          isAnnounced: changes.every(({ isAnnounced }) => isAnnounced),
          tags: [
            ...new Set(changes.flatMap(({ order, from }) => tagsOfStatusChange([order.id], [from], order.status))),
          ],
        };
      },
    });
  }

  override changeFields(change: ChangeFields): Promise<FieldsChange> {
    return this.cache.write({
      tags: tagsOfPossibleFieldsChange(change.order.id),
      shows: [orderTag(change.order.id)],
      transaction: (announced) => this.persistent.changeFields({ ...change, announced }),
      outcome: ({ order, changes, isAnnounced }) =>
        changes.length === 0 ? { tags: [] } : { isAnnounced, tags: tagsOfFieldsChange(order.id, order.status) },
    });
  }

  override archive(orders: ArchiveOrders): Promise<ArchivedOrders> {
    return this.cache.write({
      tags: tagsOfArchival(),
      // Nothing moves unless it is announced.
      transaction: (announced) => this.persistent.archive({ ...orders, announced }),
      outcome: ({ moved }) => (moved === 0 ? { tags: [] } : {}),
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

  override history(id: string, visibility: Visibility): Promise<OrderHistory | undefined> {
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

  override countDue(at: Date): Promise<readonly DueCount[]> {
    return this.persistent.countDue(at);
  }

  override throughput(lastHour: Date, hours: number): Promise<OrderThroughput> {
    return this.persistent.throughput(lastHour, hours);
  }

  override workload(): Promise<Workload> {
    return this.persistent.workload();
  }
}
