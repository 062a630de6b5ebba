import { CacheWriter, MonotonicReads, type PendingWrite } from '@mes/cache';
import { Inject, Injectable } from '@nestjs/common';
import { orderTag, tagsOfCreation, tagsOfPossibleChange } from '../caching/order-tags.js';
import { writtenOrder } from '../caching/order-answers.js';
import { OrderError } from '../order-errors.js';
import type { Order, OrderHistoryEntry, Visibility } from '../order.js';
import { isCertainlyUndone } from './certainly-undone.js';
import {
  OrdersRepository,
  PERSISTENT_ORDERS,
  type ChangeStatus,
  type Creation,
  type OrderPageRequest,
  type NewOrder,
  type OrderCounts,
  type OrderPage,
  type StatusChange,
} from './orders.repository.js';

/**
 * Announces every write to the cache before it begins, and writes a created order into the cache together with the
 * database. What a status change makes untrue is evicted by the handler of its event.
 */
@Injectable()
export class WriteThroughOrdersRepository extends OrdersRepository {
  constructor(
    @Inject(PERSISTENT_ORDERS) private readonly persistent: OrdersRepository,
    private readonly writes: CacheWriter,
    private readonly reads: MonotonicReads,
  ) {
    super();
  }

  override async create(newOrder: NewOrder): Promise<Creation> {
    const changed = tagsOfCreation();
    const tag = orderTag(newOrder.id);
    const intent: PendingWrite = { id: newOrder.id, tags: changed, made: [tag] };
    const { store, observed } = await this.writes.begin(intent, [tag]);
    const creation = await this.finishOnFailure(intent, () =>
      this.persistent.create({ ...newOrder, announcedTo: store }),
    );

    const { order, repeated, isAnnounced } = creation;
    await this.writes.finish(
      repeated
        ? // Whoever made the request first may not have come as far as this; it must hold for this answer all the same.
          { writeId: newOrder.id, changed: [...changed, orderTag(order.id)], isAnnounced }
        : { writeId: newOrder.id, changed, made: { ...writtenOrder(order), observed }, isAnnounced },
    );
    return creation;
  }

  override async changeStatus(change: ChangeStatus): Promise<StatusChange> {
    const intent = { id: change.changeId, tags: tagsOfPossibleChange(change.orderId, change.to) };
    const { store } = await this.writes.begin(intent);
    try {
      return await this.finishOnFailure(intent, () => this.persistent.changeStatus({ ...change, announcedTo: store }));
    } catch (error) {
      // The refusal tells what the order is like now, which may be the work of somebody who is not done yet.
      if (error instanceof OrderError) await this.reads.ensure([orderTag(change.orderId)]);
      throw error;
    }
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

  override count(lastHour: Date, hours: number): Promise<OrderCounts> {
    return this.persistent.count(lastHour, hours);
  }

  /** A write of which nobody knows whether it happened counts as one that did. */
  private async finishOnFailure<T>(intent: PendingWrite, write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (error) {
      if (isCertainlyUndone(error)) await this.writes.abort(intent.id);
      else await this.writes.invalidate(intent.tags);
      throw error;
    }
  }
}
