import { CacheWriter, MonotonicReads } from '@mes/cache';
import { Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { StatusChanged } from '../order-events.js';
import { orderTag, tagsOfChange } from './order-tags.js';

/**
 * Evicts what a status change made untrue. The change is answered only after this.
 *
 * Somebody may have changed the order just before, and not have evicted yet what that made untrue, such as the list of a status
 * that this change does not touch. Its answer shows both changes, so it waits for the other one as well.
 */
@Injectable()
export class StatusChangedHandler {
  constructor(
    private readonly writes: CacheWriter,
    private readonly reads: MonotonicReads,
  ) {}

  @OnEvent(StatusChanged.eventName, { suppressErrors: false })
  async evict({ changeId, order, from, isAnnounced }: StatusChanged): Promise<void> {
    const changed = tagsOfChange(order.id, [from], order.status);
    await this.writes.finish({ writeId: changeId, changed, isAnnounced });
    await this.reads.ensure([orderTag(order.id)]);
  }
}
