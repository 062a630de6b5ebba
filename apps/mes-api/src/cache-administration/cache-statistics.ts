import {
  CacheEvents,
  EPOCH,
  type CacheEvent,
  type EpochRenewalCause,
  type InspectionResult,
  type InvalidationCause,
} from '@mes/cache';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { LastHour, type MinuteCounts } from './last-hour.js';

const MINUTE = 60_000;

/** Why a read went past the cache. `other` stands for reasons that are not listed. */
const BYPASS_REASONS = ['redis-away', 'redis-failed', 'store-refused', 'cut-off', 'other'] as const;
type BypassReason = (typeof BYPASS_REASONS)[number];

/** What the cache of this process did since it started. Hits come by the ten thousand a second, so events are only added up. */
class CacheCounts {
  readonly hits = { l1: 0, l2: 0 };
  /** Reads that waited for a load of their own. */
  misses = 0;
  /** Reads that shared the load of another one. */
  collapsed = 0;
  readonly bypasses: Record<BypassReason, number> = {
    'redis-away': 0,
    'redis-failed': 0,
    'store-refused': 0,
    'cut-off': 0,
    other: 0,
  };
  loads = 0;
  snapshots = 0;
  readonly stores = { load: 0, write: 0 };
  storeFailures = 0;
  readonly invalidations: Record<InvalidationCause, number> = { write: 0, request: 0, 'expired-write': 0 };
  readonly invalidatedTags: Record<InvalidationCause, number> = { write: 0, request: 0, 'expired-write': 0 };
  readonly epochRenewals: Record<EpochRenewalCause | InvalidationCause, number> = {
    'no-epoch': 0,
    'other-store': 0,
    unconfirmed: 0,
    write: 0,
    request: 0,
    'expired-write': 0,
  };
  refreshes = 0;
  unannouncedWrites = 0;
  unconfirmedInvalidations = 0;
  readonly relayedWrites = { done: 0, failed: 0 };
  readonly inspections: Record<InspectionResult, number> = { match: 0, mismatch: 0, superseded: 0, failed: 0 };
}

/** Counts what the cache of this process does, for the statistics and for the metrics. */
@Injectable()
export class CacheStatistics implements OnModuleDestroy {
  readonly counts = new CacheCounts();
  private readonly minutes: LastHour;
  /** Between requests, so that no hit has to look at the clock. */
  private readonly timer: NodeJS.Timeout;

  constructor(events: CacheEvents) {
    events.subscribe((event) => {
      this.count(event);
    });
    this.minutes = new LastHour(new Date(), this.totals());
    this.timer = setInterval(() => {
      this.minutes.note(new Date(), this.totals());
    }, MINUTE).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  get hits(): number {
    return this.counts.hits.l1 + this.counts.hits.l2;
  }

  get bypasses(): number {
    return Object.values(this.counts.bypasses).reduce((sum, count) => sum + count, 0);
  }

  /** All reads, however they were answered. */
  get requests(): number {
    return this.hits + this.counts.misses + this.counts.collapsed + this.bypasses;
  }

  /** What was done in each minute of the last hour, oldest first. */
  lastHour(): readonly MinuteCounts[] {
    return this.minutes.until(new Date(), this.totals());
  }

  private totals(): Omit<MinuteCounts, 'minute'> {
    const { collapsed, loads } = this.counts;
    return { requests: this.requests, spared: this.hits + collapsed, loads };
  }

  private count(event: CacheEvent): void {
    const { counts } = this;
    switch (event.type) {
      case 'hit':
        counts.hits[event.level] += 1;
        break;
      case 'miss':
        if (event.collapsed) counts.collapsed += 1;
        else counts.misses += 1;
        break;
      case 'bypass':
        counts.bypasses[BYPASS_REASONS.find((reason) => reason === event.detail) ?? 'other'] += 1;
        break;
      case 'load':
        counts.loads += 1;
        break;
      case 'snapshot':
        counts.snapshots += 1;
        break;
      case 'store':
        counts.stores[event.written ? 'write' : 'load'] += 1;
        break;
      case 'store-failure':
        counts.storeFailures += 1;
        break;
      case 'invalidation':
        counts.invalidations[event.cause] += 1;
        counts.invalidatedTags[event.cause] += event.tags.length;
        if (event.tags.includes(EPOCH)) counts.epochRenewals[event.cause] += 1;
        break;
      case 'refresh':
        counts.refreshes += 1;
        break;
      case 'unannounced-write':
        counts.unannouncedWrites += 1;
        break;
      case 'relayed-write':
        counts.relayedWrites[event.failed ? 'failed' : 'done'] += 1;
        break;
      case 'unconfirmed-invalidation':
        counts.unconfirmedInvalidations += 1;
        break;
      case 'epoch-renewal':
        counts.epochRenewals[event.cause] += 1;
        break;
      case 'inspection':
        counts.inspections[event.result] += 1;
        break;
    }
  }
}
