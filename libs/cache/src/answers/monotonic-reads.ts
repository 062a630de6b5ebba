import { setTimeout as delay } from 'node:timers/promises';
import { LedgerUnavailableError, type Ledger, type ObservedVersions, type Tag } from '../ledger/ledger.js';

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
    private readonly ledger: Ledger,
    private readonly patience: number,
  ) {}

  /**
   * Resolves when everything is out that the writes make untrue which an answer, loaded before this call, may show.
   *
   * When the ledger cannot be asked, there is nothing to be done: this process trusts nothing that is stored until it has
   * made everything invalid, and another one may show the old until the writer has told it.
   *
   * @param tags of the answer
   * @returns the versions that stand after that; nothing if the answer has no chance to be in force
   */
  async ensure(tags: readonly Tag[]): Promise<ObservedVersions | undefined> {
    try {
      return await this.waitForWrites(tags);
    } catch (error) {
      if (error instanceof LedgerUnavailableError) return undefined;
      throw error;
    }
  }

  private async waitForWrites(tags: readonly Tag[]): Promise<ObservedVersions | undefined> {
    const giveUpAt = performance.now() + this.patience;
    let { intentIds: shown, observed } = await this.ledger.pending(tags);
    for (let pause = FIRST_PAUSE; shown.length > 0; pause *= 2) {
      const left = giveUpAt - performance.now();
      if (left <= 0) {
        // Their processes have probably died: nobody waits for them again.
        await this.ledger.overtake(tags);
        return undefined;
      }
      await delay(Math.min(pause, left));
      const pending = await this.ledger.pending(tags);
      shown = shown.filter((id) => pending.intentIds.includes(id));
      observed = pending.observed;
    }
    return observed;
  }
}
