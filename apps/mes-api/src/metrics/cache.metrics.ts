import { CacheStatistics, Ledger } from '@mes/cache';
import { Injectable } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';

/** The counts of the cache, read when they are scraped. */
@Injectable()
export class CacheMetrics {
  constructor(registry: Registry, statistics: CacheStatistics, ledger: Ledger) {
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
        this.set(ledger.available ? 1 : 0);
      },
    });
  }
}
