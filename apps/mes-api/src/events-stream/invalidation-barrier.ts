import {
  EPOCH,
  VersionStore,
  VersionStoreUnavailableError,
  MonotonicReads,
  NextRun,
  withDeadline,
  type Tag,
} from '@mes/cache';
import { Injectable } from '@nestjs/common';
import { ORDER_COUNTS_TAG, orderTag, statusTag, tagsOfChange } from '../orders/caching/order-tags.js';
import { PostgresNotifications } from '../backplane/postgres-notifications.js';
import type { LogEntry } from './log-entry.js';

/** How long what was notified may take to be acted upon, in milliseconds. Usually that is a few. */
const MAX_WAIT = 500;

/**
 * Nobody who is told of a write, and then asks for what it changed, may be shown the time before it: so nobody is told before
 * that is out of the cache. Writers who have announced their writes put it out, or die; of others the cache may not have heard.
 */
@Injectable()
export class EvictionBarrier {
  private readonly passing = new NextRun<void>();

  constructor(
    private readonly versionStore: VersionStore,
    private readonly reads: MonotonicReads,
    private readonly notifications: PostgresNotifications,
  ) {}

  /** Resolves when these entries may be told. */
  async pass(entries: readonly LogEntry[]): Promise<void> {
    const announced = tagsOf(entries.filter((entry) => entry.announced));
    const others = tagsOf(entries.filter((entry) => !entry.announced));
    if (others.length > 0) await this.evict(others);
    if (announced.length > 0) await this.reads.ensure(announced);
  }

  /** Resolves when whoever knows everything that is committed by now is shown nothing older any more. */
  passAll(): Promise<void> {
    return this.passing.run(async () => {
      // Of writes that the cache was not told of.
      await withDeadline(this.notifications.caughtUp(), MAX_WAIT).catch(() => undefined);
      // Every write touches the counts.
      await this.reads.ensure([ORDER_COUNTS_TAG]);
    });
  }

  private async evict(tags: readonly Tag[]): Promise<void> {
    try {
      await this.versionStore.invalidate(tags);
    } catch (error) {
      // What is stored is not given out, and goes out before it is again.
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
      return tagsOfChange(entry.orderId, [entry.from], entry.status);
    case 'reset':
      return [EPOCH];
  }
}
