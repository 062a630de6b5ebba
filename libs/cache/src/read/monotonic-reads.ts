import { setTimeout as delay } from 'node:timers/promises';
import {
  VersionStoreUnavailableError,
  type VersionStore,
  type VersionSnapshot,
  type Tag,
} from '../versions/version-store.js';

/** How soon to look again whether writes have finished, in milliseconds, and then less and less often. */
const FIRST_PAUSE = 1;

/**
 * Whoever has seen a write is never shown the time before it again, be it acknowledged or not (monotonic reads: Terry et al.,
 * "Session Guarantees for Weakly Consistent Replicated Data", 1994), and that through any instance.
 *
 * What was loaded may show a write that has been committed, and whose caller has not been answered yet. Answers which show
 * the time before it are still in force then. Nobody who has seen the new may be shown the old, so the new is kept back until
 * the write has put out the old, or until that was done in its place.
 */
export class MonotonicReads {
  /** @param patience how long to wait for writes, in milliseconds */
  constructor(
    private readonly versionStore: VersionStore,
    private readonly patience: number,
  ) {}

  /**
   * Resolves when everything is out that the writes make untrue which an answer, loaded before this call, may show.
   *
   * When the versionStore cannot be asked, there is nothing to be done: this process trusts nothing that is stored until it has
   * made everything invalid, and another one may show the old until the writer has told it.
   *
   * @param tags of the answer
   * @returns the versions that stand after that; nothing if the answer has no chance to be in force
   */
  async ensure(tags: readonly Tag[]): Promise<VersionSnapshot | undefined> {
    try {
      return await this.waitForWrites(tags);
    } catch (error) {
      if (error instanceof VersionStoreUnavailableError) return undefined;
      throw error;
    }
  }

  private async waitForWrites(tags: readonly Tag[]): Promise<VersionSnapshot | undefined> {
    const giveUpAt = performance.now() + this.patience;
    let { writeIds: shown, observed } = await this.versionStore.pending(tags);
    for (let pause = FIRST_PAUSE; shown.length > 0; pause *= 2) {
      const left = giveUpAt - performance.now();
      if (left <= 0) {
        // Their processes have probably died: nobody waits for them again.
        await this.versionStore.invalidateOverdue(tags);
        return undefined;
      }
      await delay(Math.min(pause, left));
      const pending = await this.versionStore.pending(tags);
      shown = shown.filter((id) => pending.writeIds.includes(id));
      observed = pending.observed;
    }
    return observed;
  }
}
