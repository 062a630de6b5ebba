import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { CacheEvents } from '../cache.events.js';
import { CACHE_OPTIONS, type CacheOptions } from '../cache.options.js';
import { TroubleLogger } from '../flow/reminder.js';
import { VersionStore } from './version-store.js';

/** Invalidates, at regular intervals, the tags of writes whose writers died between commit and completion. */
@Injectable()
export class PendingWriteSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new TroubleLogger(PendingWriteSweeper.name);
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly versions: VersionStore,
    @Inject(CACHE_OPTIONS) private readonly options: CacheOptions,
    private readonly events: CacheEvents,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.sweep(), this.options.sweepInterval);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async sweep(): Promise<void> {
    if (!this.versions.available) return;
    try {
      const tags = await this.versions.sweepExpired();
      if (tags.length === 0) return;
      this.events.emit({ type: 'invalidation', tags, cause: 'expired-write' });
      this.logger.warn(`invalidated ${tags.join(', ')}: a write was not completed in time`);
    } catch (error) {
      this.logger.trouble(
        `could not look for expired writes: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}
