import { CacheEvents, type CacheEvent } from '@mes/cache';
import { Injectable } from '@nestjs/common';

export type CacheCounts = Readonly<ReturnType<typeof zeros>>;

function zeros() {
  return {
    hits: 0,
    nearHits: 0,
    misses: 0,
    collapsed: 0,
    bypasses: 0,
    loads: 0,
    stores: 0,
    storeFailures: 0,
    observations: 0,
    evictedTags: 0,
    sweptTags: 0,
    writtenThrough: 0,
    refreshes: 0,
    unannouncedWrites: 0,
    relayedWrites: 0,
  };
}

/** Counts of what the cache of this process did since it started. Their meaning stands in the OpenAPI document. */
@Injectable()
export class CacheStatistics {
  private readonly mutable = zeros();

  constructor(events: CacheEvents) {
    events.subscribe((event) => {
      this.count(event);
    });
  }

  get counts(): CacheCounts {
    return this.mutable;
  }

  private count(event: CacheEvent): void {
    const counts = this.mutable;
    switch (event.type) {
      case 'hit':
        counts.hits += 1;
        if (event.level === 'l1') counts.nearHits += 1;
        break;
      case 'miss':
        if (event.collapsed) counts.collapsed += 1;
        else counts.misses += 1;
        break;
      case 'bypass':
        counts.bypasses += 1;
        break;
      case 'load':
        counts.loads += 1;
        break;
      case 'snapshot':
        counts.observations += 1;
        break;
      case 'store':
        counts.stores += 1;
        if (event.written) counts.writtenThrough += 1;
        break;
      case 'store-failure':
        counts.storeFailures += 1;
        break;
      case 'invalidation':
        if (event.cause === 'expired-write') counts.sweptTags += event.tags.length;
        else counts.evictedTags += event.tags.length;
        break;
      case 'refresh':
        counts.refreshes += 1;
        break;
      case 'unannounced-write':
        counts.unannouncedWrites += 1;
        break;
      case 'relayed-write':
        counts.relayedWrites += 1;
        break;
    }
  }
}
