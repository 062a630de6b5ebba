import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { CacheStatistics } from '../answers/cache-statistics.js';
import { CACHE_ASIDE_OPTIONS, type CacheAsideOptions } from '../cache-aside.options.js';
import { Ledger } from './ledger.js';

/** Finishes, on behalf of writers that died between commit and settle, what they had announced. */
@Injectable()
export class IntentSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(IntentSweeper.name);
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly ledger: Ledger,
    @Inject(CACHE_ASIDE_OPTIONS) private readonly options: CacheAsideOptions,
    private readonly statistics: CacheStatistics,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.sweep(), this.options.sweepInterval);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async sweep(): Promise<void> {
    if (!this.ledger.available) return;
    try {
      const tags = await this.ledger.sweep();
      if (tags.length === 0) return;
      this.statistics.sweptTags += tags.length;
      this.logger.warn(`evicted ${tags.join(', ')}: a writer had announced a change and did not finish in time`);
    } catch (error) {
      this.logger.warn(
        `could not look for unfinished writes: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}
