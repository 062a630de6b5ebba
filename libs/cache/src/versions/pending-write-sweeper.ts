import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { CacheStatistics } from '../cache-statistics.js';
import { CACHE_OPTIONS, type CacheOptions } from '../cache.options.js';
import { VersionStore } from './version-store.js';

/** Finishes, on behalf of writers that died between commit and complete, what they had announced. */
@Injectable()
export class PendingWriteSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(PendingWriteSweeper.name);
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly versionStore: VersionStore,
    @Inject(CACHE_OPTIONS) private readonly options: CacheOptions,
    private readonly statistics: CacheStatistics,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.sweepExpired(), this.options.sweepInterval);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async sweepExpired(): Promise<void> {
    if (!this.versionStore.available) return;
    try {
      const tags = await this.versionStore.sweepExpired();
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
