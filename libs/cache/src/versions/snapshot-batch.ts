import { VersionStoreUnavailableError, type VersionStore, type VersionSnapshot, type Tag } from './version-store.js';
import type { Backplane } from './backplane.js';
import type { CacheStatistics } from '../cache-statistics.js';

/** What was seen of the versionStore: the versions, or why there are none. */
export type SnapshotOrUnavailable = VersionSnapshot | VersionStoreUnavailableError;

/** How long an observation waits for more requests to share it, in milliseconds: the shortest time that Node can wait. */
const PATIENCE = 1;

/** Share of the requests that were lately being served at once for which an observation waits. */
const ENOUGH = 0.9;

/** How much of that number is remembered from one observation to the next. */
const MEMORY = 0.5;

/**
 * Lets all requests that arrive while an observation is being made share the next one: at most one is under way per
 * process, and still nobody is given versions that were read before its request arrived.
 *
 * Who polls asks again as soon as it was answered. Under load, an observation therefore waits a moment until
 * nearly as many requests share it as were lately being served at once. Where requests come one by one, none waits.
 */
export class SnapshotBatch {
  private underWay: Promise<unknown> = Promise.resolve();
  private next: Promise<SnapshotOrUnavailable> | undefined;
  private wanted = new Set<Tag>();
  private waiting = 0;
  private served = 0;
  /** The most requests that lately waited for an observation or for its result at the same time. */
  private concurrency = 1;
  private enoughWait: (() => void) | undefined;

  constructor(
    private readonly versionStore: VersionStore,
    private readonly statistics: CacheStatistics,
    private readonly backplane?: Pick<Backplane, 'mayAnswer'>,
  ) {}

  observe(tags: readonly Tag[]): Promise<SnapshotOrUnavailable> {
    for (const tag of tags) this.wanted.add(tag);
    this.waiting += 1;
    this.concurrency = Math.max(this.concurrency, this.waiting + this.served);
    if (this.isEnough()) this.enoughWait?.();
    this.next ??= this.begin();
    return this.next;
  }

  private async begin(): Promise<SnapshotOrUnavailable> {
    await this.underWay;
    if (!this.isEnough()) await this.waitForMore();

    const tags = [...this.wanted];
    this.wanted = new Set();
    this.next = undefined;
    this.served = this.waiting;
    this.waiting = 0;
    this.concurrency *= MEMORY;
    const reading = this.read(tags);
    this.underWay = reading.finally(() => (this.served = 0)).catch(() => undefined);
    return reading;
  }

  private async read(tags: readonly Tag[]): Promise<SnapshotOrUnavailable> {
    // Others may have written without the versionStore, and this instance would not have heard of it.
    if (this.backplane?.mayAnswer === false) return new VersionStoreUnavailableError('cut-off');
    this.statistics.observations += 1;
    try {
      return await this.versionStore.observe(tags);
    } catch (error) {
      if (error instanceof VersionStoreUnavailableError) return error;
      throw error;
    }
  }

  private isEnough(): boolean {
    return this.waiting >= this.concurrency * ENOUGH;
  }

  private async waitForMore(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.enoughWait = resolve;
      timer = setTimeout(resolve, PATIENCE);
    });
    clearTimeout(timer);
    this.enoughWait = undefined;
  }
}
