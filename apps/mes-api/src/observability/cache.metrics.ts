import { CacheStatistics, VersionStore } from '@mes/cache';
import { Injectable } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';

/** The counts of the cache, read when they are scraped. */
@Injectable()
export class CacheMetrics {
  constructor(registry: Registry, statistics: CacheStatistics, versionStore: VersionStore) {
    new Gauge({
      name: 'mes_cache_events',
      help: 'What the cache did since the process started, by event',
      labelNames: ['event'],
      registers: [registry],
      collect() {
        for (const [event, count] of Object.entries(statistics.snapshot())) this.set({ event }, count);
      },
    });
    new Gauge({
      name: 'mes_cache_available',
      help: 'Whether stored answers are trusted: 1 or 0',
      registers: [registry],
      collect() {
        this.set(versionStore.available ? 1 : 0);
      },
    });
  }
}
