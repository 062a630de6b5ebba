import { CacheWrites } from '@mes/cache';
import { Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { StatusChanged } from '../events/status-changed.js';
import { tagsOfChange } from './order-tags.js';

/** Evicts what a status change made untrue. The change is answered only after this. */
@Injectable()
export class StatusChangedHandler {
  constructor(private readonly writes: CacheWrites) {}

  @OnEvent(StatusChanged.eventName, { suppressErrors: false })
  async evict({ changeId, order, from }: StatusChanged): Promise<void> {
    await this.writes.finish({ intentId: changeId, changed: tagsOfChange(order.id, [from], order.status) });
  }
}
