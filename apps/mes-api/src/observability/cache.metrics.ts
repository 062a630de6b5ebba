import { VersionStore } from '@mes/cache';
import { Injectable } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';
import { CacheStatistics } from '../cache-administration/cache-statistics.js';

/** The counts of the cache, read when they are scraped. */
@Injectable()
export class CacheMetrics {
  constructor(registry: Registry, statistics: CacheStatistics, versions: VersionStore) {
    new Gauge({
      name: 'mes_cache_events',
      help: 'What the cache did since the process started, by event',
      labelNames: ['event'],
      registers: [registry],
      collect() {
        for (const [event, count] of Object.entries(statistics.counts)) this.set({ event }, count);
      },
    });
    new Gauge({
      name: 'mes_cache_available',
      help: 'Whether cached responses are trusted: 1 or 0',
      registers: [registry],
      collect() {
        this.set(versions.available ? 1 : 0);
      },
    });
  }
}
