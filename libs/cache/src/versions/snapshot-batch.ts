import { CacheEvents } from '../cache.events.js';
import type { Backplane } from './backplane.js';
import { VersionStoreUnavailableError, type Tag, type VersionSnapshot, type VersionStore } from './version-store.js';

/** Versions, or the reason why there are none. */
export type SnapshotOrUnavailable = VersionSnapshot | VersionStoreUnavailableError;

/** How long a batch waits for more requests to share it, in milliseconds: the shortest time that Node can wait. */
const WAIT = 1;

/** Fraction of the recent concurrency to wait for before a batch is sent. */
const ENOUGH = 0.9;

/** Fraction of the concurrency that is remembered from one batch to the next. */
const MEMORY = 0.5;

/**
 * Shares snapshots of versions. Requests that arrive while a snapshot is being taken share the next one: at most one is
 * under way in this process, and no request sees versions that were read before it arrived.
 *
 * A client that polls asks again as soon as it was answered. Under load, a batch therefore waits a moment for nearly as
 * many requests as were served together lately. Requests that come one by one never wait.
 */
export class SnapshotBatch {
  private underWay: Promise<unknown> = Promise.resolve();
  private next: Promise<SnapshotOrUnavailable> | undefined;
  private tags = new Set<Tag>();
  private waiting = 0;
  private served = 0;
  /** The most requests that lately waited for a snapshot at the same time. */
  private concurrency = 1;
  private onEnough: (() => void) | undefined;

  constructor(
    private readonly versions: VersionStore,
    private readonly events: CacheEvents,
    private readonly backplane?: Pick<Backplane, 'mayAnswer'>,
  ) {}

  /** A snapshot that begins after this call. */
  snapshot(tags: readonly Tag[]): Promise<SnapshotOrUnavailable> {
    for (const tag of tags) this.tags.add(tag);
    this.waiting += 1;
    this.concurrency = Math.max(this.concurrency, this.waiting + this.served);
    if (this.isEnough()) this.onEnough?.();
    this.next ??= this.begin();
    return this.next;
  }

  private async begin(): Promise<SnapshotOrUnavailable> {
    await this.underWay;
    if (!this.isEnough()) await this.waitForMore();

    const tags = [...this.tags];
    this.tags = new Set();
    this.next = undefined;
    this.served = this.waiting;
    this.waiting = 0;
    this.concurrency *= MEMORY;
    const reading = this.read(tags, this.served);
    this.underWay = reading.finally(() => (this.served = 0)).catch(() => undefined);
    return reading;
  }

  private async read(tags: readonly Tag[], reads: number): Promise<SnapshotOrUnavailable> {
    // Other instances may have written past the version store, and this one would not have heard of it.
    if (this.backplane?.mayAnswer === false) return new VersionStoreUnavailableError('cut-off');
    const began = performance.now();
    let failed = true;
    try {
      const snapshot = await this.versions.snapshot(tags);
      failed = false;
      return snapshot;
    } catch (error) {
      if (error instanceof VersionStoreUnavailableError) return error;
      throw error;
    } finally {
      this.events.emit({ type: 'snapshot', reads, milliseconds: performance.now() - began, failed });
    }
  }

  private isEnough(): boolean {
    return this.waiting >= this.concurrency * ENOUGH;
  }

  private async waitForMore(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.onEnough = resolve;
      timer = setTimeout(resolve, WAIT);
    });
    clearTimeout(timer);
    this.onEnough = undefined;
  }
}
