import { setTimeout as delay } from 'node:timers/promises';
import { EPOCH, VersionStore, VersionStoreUnavailableError, MonotonicReads, type Tag } from '@mes/cache';
import { Injectable } from '@nestjs/common';
import {
  listTags,
  ORDER_COUNTS_TAG,
  orderTag,
  statusTag,
  tagsOfFieldsChange,
  tagsOfStatusChange,
} from '../orders/caching/order-tags.js';
import { PostgresNotifications } from '../backplane/postgres-notifications.js';
import type { LogEntry } from './log-entry.js';
import { shareNext } from './share-next.js';

/** Longest wait for the handling of notifications, in milliseconds. Usually it takes a few. */
const MAX_WAIT = 500;

/**
 * Holds back events until the cache has invalidated the tags of their writes. A client that reads an order after its event must
 * not get an older response. Writers invalidate the tags of announced writes, unless they die; the cache may not know of others.
 */
@Injectable()
export class InvalidationBarrier {
  constructor(
    private readonly versions: VersionStore,
    private readonly reads: MonotonicReads,
    private readonly notifications: PostgresNotifications,
  ) {}

  /** Waits until these entries may be sent. */
  async pass(entries: readonly LogEntry[]): Promise<void> {
    const announced = tagsOf(entries.filter((entry) => entry.announced));
    const others = tagsOf(entries.filter((entry) => !entry.announced));
    if (others.length > 0) await this.invalidate(others);
    if (announced.length > 0) await this.reads.settled(announced);
  }

  /** Waits until the cache reflects everything that was committed before this call. */
  readonly passAll = shareNext(async () => {
    // Writes that were not announced are known from notifications. If these fail, their owner replaces the connection.
    const caughtUp = this.notifications.caughtUp().catch(() => undefined);
    await Promise.race([caughtUp, delay(MAX_WAIT, undefined, { ref: false })]);
    // Every write invalidates a list of some status.
    await this.reads.settled(listTags());
  });

  private async invalidate(tags: readonly Tag[]): Promise<void> {
    try {
      await this.versions.invalidate(tags);
    } catch (error) {
      // The cache is not used until the store is available again, and is invalidated before that.
      if (!(error instanceof VersionStoreUnavailableError)) throw error;
    }
  }
}

function tagsOf(entries: readonly LogEntry[]): readonly Tag[] {
  return [...new Set(entries.flatMap(tagsOfEntry))];
}

function tagsOfEntry(entry: LogEntry): readonly Tag[] {
  switch (entry.type) {
    case 'order.created':
      return [orderTag(entry.orderId), statusTag(entry.status), ORDER_COUNTS_TAG];
    case 'order.status-changed':
      return tagsOfStatusChange([entry.orderId], [entry.from], entry.status);
    case 'order.changed':
      return tagsOfFieldsChange(entry.orderId, entry.status);
    case 'reset':
      return [EPOCH];
  }
}
