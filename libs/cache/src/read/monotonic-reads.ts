import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { CACHE_OPTIONS, type CacheOptions } from '../cache.options.js';
import { unlessUnavailable, VersionStore, type Tag, type VersionSnapshot } from '../versions/version-store.js';

/** First pause before looking again whether writes are complete, in milliseconds. It doubles each time. */
const FIRST_PAUSE = 1;

/**
 * Monotonic reads: a client that has seen a write never sees the state before it again, through any instance, whether the
 * write was acknowledged or not (Terry et al., "Session Guarantees for Weakly Consistent Replicated Data", 1994).
 *
 * A load may show a write that is committed but not complete, while older responses are still current. The loaded response
 * is held back until that write has invalidated its tags, or until that was done for it.
 *
 * @publicApi
 */
@Injectable()
export class MonotonicReads {
  constructor(
    private readonly versions: VersionStore,
    @Inject(CACHE_OPTIONS) private readonly options: Pick<CacheOptions, 'pendingWriteTimeout'>,
  ) {}

  /**
   * Waits until every pending write that a response loaded before this call may reflect has invalidated its tags.
   *
   * While the version store is unavailable it returns at once: this process trusts nothing stored until it has made up for
   * that, and another one may show the older state until the backplane has told it.
   *
   * @param tags of the response
   * @returns the versions after that; undefined if the response cannot be current
   */
  settled(tags: readonly Tag[]): Promise<VersionSnapshot | undefined> {
    return unlessUnavailable(
      () => this.waitForWrites(tags),
      () => undefined,
    );
  }

  private async waitForWrites(tags: readonly Tag[]): Promise<VersionSnapshot | undefined> {
    const giveUpAt = performance.now() + this.options.pendingWriteTimeout;
    let { writeIds: shown, snapshot } = await this.versions.pending(tags);
    for (let pause = FIRST_PAUSE; shown.length > 0; pause *= 2) {
      const left = giveUpAt - performance.now();
      if (left <= 0) {
        // The writers have probably died. No reader waits for these writes again.
        await this.versions.invalidateOverdue(shown);
        return undefined;
      }
      await delay(Math.min(pause, left));
      const pending = await this.versions.pending(tags);
      shown = shown.filter((id) => pending.writeIds.includes(id));
      snapshot = pending.snapshot;
    }
    return snapshot;
  }
}
