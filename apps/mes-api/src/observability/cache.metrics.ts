import {
  CacheEvents,
  CacheHealth,
  L1Cache,
  STORE_PROBLEMS,
  TaggedCache,
  VersionStore,
  type CacheEvent,
  type RedisOperation,
} from '@mes/cache';
import { Injectable } from '@nestjs/common';
import { Counter, Histogram, Registry } from 'prom-client';
import { CacheStatistics } from '../cache-administration/cache-statistics.js';
import { DurationHistogram } from './duration-histogram.js';
import { counterReadAtScrape, gaugeReadAtScrape, samplesBy } from './read-at-scrape.js';

/** In seconds. */
const OPERATION_BUCKETS = [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];
const AGE_BUCKETS = [1, 5, 15, 60, 300, 900, 3_600];
const RELAY_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 15];

const REDIS_OPERATIONS: readonly RedisOperation[] = [
  ...(['snapshot', 'ensure-versions', 'begin', 'complete', 'pending', 'invalidate-overdue', 'sweep'] as const),
  ...(['lease', 'member', 'read-entry', 'store-entry', 'remove-entry', 'other'] as const),
];

/** What the cache of this process does, how long that takes, and how the cache stands. */
@Injectable()
export class CacheMetrics {
  private readonly inspectedAge: DurationHistogram;
  private readonly relayTime: DurationHistogram;
  private readonly snapshotTime: DurationHistogram;
  private readonly snapshotReads: Histogram;
  private readonly operationTime: DurationHistogram;
  private readonly operationFailures: Counter<'operation'>;

  constructor(
    private readonly registry: Registry,
    events: CacheEvents,
    { counts }: CacheStatistics,
    versions: VersionStore,
    l1: L1Cache,
    cache: TaggedCache,
    health: CacheHealth,
  ) {
    this.snapshotTime = this.durations(
      'mes_cache_snapshot_duration_seconds',
      'Time of a snapshot of versions, by result: ok or failed',
      { label: 'result', values: ['ok', 'failed'], buckets: OPERATION_BUCKETS },
    );
    this.snapshotReads = new Histogram({
      name: 'mes_cache_snapshot_reads',
      help: 'Reads that shared a snapshot of versions',
      buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
      registers: [registry],
    });
    this.operationTime = this.durations(
      'mes_redis_operation_duration_seconds',
      'Time of an operation on Redis, failed ones included',
      { label: 'operation', values: REDIS_OPERATIONS, buckets: OPERATION_BUCKETS },
    );
    this.operationFailures = new Counter({
      name: 'mes_redis_operation_failures_total',
      help: 'Operations that Redis refused or did not answer in time',
      labelNames: ['operation'],
      registers: [registry],
    });
    for (const operation of REDIS_OPERATIONS) this.operationFailures.inc({ operation }, 0);
    this.relayTime = this.durations(
      'mes_cache_relay_duration_seconds',
      'Time that a write waited until the other instances had been told of it past the version store',
      { label: 'result', values: ['done', 'failed'], buckets: RELAY_BUCKETS },
    );
    this.inspectedAge = this.durations(
      'mes_cache_inspected_age_seconds',
      'Age of the responses that were compared with the database, by result',
      { label: 'result', values: ['match', 'mismatch'], buckets: AGE_BUCKETS },
    );
    this.declareCounters(counts);
    this.declareGauges(versions, l1, cache);
    this.declareProblems(health);
    events.subscribe((event) => {
      this.observe(event);
    });
  }

  private declareCounters(counts: CacheStatistics['counts']): void {
    this.countedBy('mes_cache_hits_total', 'Reads answered from the cache, by level', 'level', counts.hits);
    this.counted('mes_cache_misses_total', 'Reads that waited for a load of their own', () => counts.misses);
    this.counted('mes_cache_collapsed_total', 'Reads that shared the load of another one', () => counts.collapsed);
    this.countedBy('mes_cache_bypasses_total', 'Reads past the cache, by reason', 'reason', counts.bypasses);
    this.counted('mes_cache_loads_total', 'Responses loaded from the database for readers', () => counts.loads);
    this.countedBy('mes_cache_stores_total', 'Responses stored, by what loaded them', 'by', counts.stores);
    this.counted(
      'mes_cache_store_failures_total',
      'Stored responses that could not be read, stored or removed',
      () => counts.storeFailures,
    );
    this.countedBy('mes_cache_invalidations_total', 'Invalidations, by cause', 'cause', counts.invalidations);
    this.countedBy('mes_cache_invalidated_tags_total', 'Invalidated tags, by cause', 'cause', counts.invalidatedTags);
    this.counted('mes_cache_refreshes_total', 'Times that writes loaded what is refreshed', () => counts.refreshes);
    this.countedBy(
      'mes_cache_epoch_renewals_total',
      'Times that everything was invalidated, by cause',
      'cause',
      counts.epochRenewals,
    );
    this.counted(
      'mes_cache_unconfirmed_invalidations_total',
      'Times that an invalidation may have been lost and had to be made up for',
      () => counts.unconfirmedInvalidations,
    );
    this.counted(
      'mes_cache_unannounced_writes_total',
      'Writes that began without the version store knowing',
      () => counts.unannouncedWrites,
    );
    this.countedBy(
      'mes_cache_relayed_writes_total',
      'Writes that the other instances were told of past the version store, by result',
      'result',
      counts.relayedWrites,
    );
    this.countedBy(
      'mes_cache_inspections_total',
      'Hits that were compared with the database, by result',
      'result',
      counts.inspections,
    );
  }

  private declareGauges(versions: VersionStore, l1: L1Cache, cache: TaggedCache): void {
    const gauge = (name: string, help: string, read: () => number): void => {
      gaugeReadAtScrape(this.registry, { name, help }, read);
    };
    gauge('mes_cache_available', 'Whether cached responses are trusted: 1 or 0', () => (versions.available ? 1 : 0));
    gauge('mes_cache_l1_bytes', 'Size of the responses in the memory of this process', () => l1.calculatedSize);
    gauge('mes_cache_l1_entries', 'Responses in the memory of this process', () => l1.size);
    gauge('mes_cache_pending_writes', 'Writes of this process under way', () => cache.writesUnderWay.count);
    gauge(
      'mes_cache_oldest_pending_write_age_seconds',
      'Age of the oldest write of this process under way; 0 without any',
      () => cache.writesUnderWay.oldestAge / 1_000,
    );
  }

  private declareProblems(health: CacheHealth): void {
    const name = 'mes_cache_problem';
    const help = 'What is wrong with the cache: 1 for the present problem, 0 for all others';
    gaugeReadAtScrape(this.registry, { name, help, labelNames: ['problem'] }, () => {
      const present = health.problem?.kind;
      return STORE_PROBLEMS.map((problem) => ({ labels: { problem }, value: problem === present ? 1 : 0 }));
    });
  }

  private observe(event: CacheEvent): void {
    switch (event.type) {
      case 'snapshot':
        this.snapshotTime.with(event.failed ? 'failed' : 'ok').observe(event.milliseconds);
        this.snapshotReads.observe(event.reads);
        break;
      case 'relayed-write':
        this.relayTime.with(event.failed ? 'failed' : 'done').observe(event.milliseconds);
        break;
      case 'inspection':
        if (event.result === 'match' || event.result === 'mismatch') {
          this.inspectedAge.with(event.result).observe(event.age);
        }
        break;
      case 'operation':
        this.operationTime.with(event.name).observe(event.milliseconds);
        if (event.failed) this.operationFailures.inc({ operation: event.name });
        break;
    }
  }

  private counted(name: string, help: string, read: () => number): void {
    counterReadAtScrape(this.registry, { name, help }, read);
  }

  private countedBy(name: string, help: string, label: string, counts: Readonly<Record<string, number>>): void {
    counterReadAtScrape(this.registry, { name, help, labelNames: [label] }, () => samplesBy(label, counts));
  }

  /** A histogram with one label, whose series exist from the start. */
  private durations(
    name: string,
    help: string,
    {
      label,
      values,
      buckets,
    }: { readonly label: string; readonly values: readonly string[]; readonly buckets: number[] },
  ): DurationHistogram {
    const histogram = new DurationHistogram(this.registry, { name, help, labelNames: [label], buckets });
    for (const value of values) histogram.with(value);
    return histogram;
  }
}
