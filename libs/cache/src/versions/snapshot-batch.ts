import type { CacheEvents } from '../cache.events.js';
import { NextRun } from '../flow/next-run.js';
import type { Backplane } from './backplane.js';
import { VersionStoreUnavailableError, type Tag, type VersionSnapshot, type VersionStore } from './version-store.js';

/** Versions, or the reason why there are none. */
export type SnapshotOrUnavailable = VersionSnapshot | VersionStoreUnavailableError;

/**
 * Shares snapshots of versions. Requests that arrive while a snapshot is being taken share the next one: at most one is
 * under way in this process, and no request sees versions that were read before it arrived.
 */
export class SnapshotBatch {
  private readonly runs = new NextRun<SnapshotOrUnavailable>();
  private tags = new Set<Tag>();

  constructor(
    private readonly versions: VersionStore,
    private readonly events: CacheEvents,
    private readonly backplane?: Pick<Backplane, 'mayAnswer'>,
  ) {}

  /** A snapshot that begins after this call. */
  snapshot(tags: readonly Tag[]): Promise<SnapshotOrUnavailable> {
    for (const tag of tags) this.tags.add(tag);
    return this.runs.run(() => this.read());
  }

  private async read(): Promise<SnapshotOrUnavailable> {
    const tags = [...this.tags];
    this.tags = new Set();
    // Other instances may have written past the version store, and this one would not have heard of it.
    if (this.backplane?.mayAnswer === false) return new VersionStoreUnavailableError('cut-off');
    this.events.emit({ type: 'snapshot' });
    try {
      return await this.versions.snapshot(tags);
    } catch (error) {
      if (error instanceof VersionStoreUnavailableError) return error;
      throw error;
    }
  }
}
