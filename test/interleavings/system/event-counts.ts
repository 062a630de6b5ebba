import type { CacheEvent, CacheEvents } from '../../../libs/cache/src/cache.events.js';

/** Counts of the cache events of one instance. */
export class EventCounts {
  hits = 0;
  l1Hits = 0;
  misses = 0;
  /** Reads that shared the load of another read. */
  collapsed = 0;
  bypasses = 0;
  refreshes = 0;
  /** Writes without a pending write in the version store. */
  unrecordedWrites = 0;
  relayedWrites = 0;
  /** Tags that were invalidated because a pending write expired. */
  sweptTags = 0;

  constructor(events: CacheEvents) {
    events.subscribe((event) => {
      this.count(event);
    });
  }

  private count(event: CacheEvent): void {
    if (event.type === 'hit') this.hits += 1;
    if (event.type === 'hit' && event.level === 'l1') this.l1Hits += 1;
    if (event.type === 'miss' && event.collapsed) this.collapsed += 1;
    if (event.type === 'miss' && !event.collapsed) this.misses += 1;
    if (event.type === 'bypass') this.bypasses += 1;
    if (event.type === 'refresh') this.refreshes += 1;
    if (event.type === 'unannounced-write') this.unrecordedWrites += 1;
    if (event.type === 'relayed-write') this.relayedWrites += 1;
    if (event.type === 'invalidation' && event.cause === 'expired-write') this.sweptTags += event.tags.length;
  }
}
