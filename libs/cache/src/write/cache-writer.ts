import { Injectable, Logger, Optional } from '@nestjs/common';
import type { CachedResponse } from '../entries/cached-response.js';
import { CacheStatistics } from '../cache-statistics.js';
import { vectorOf } from '../versions/version-vector.js';
import { EntryStore } from '../entries/entry-store.js';
import { NextRun } from '../flow/next-run.js';
import {
  VersionStore,
  VersionStoreUnavailableError,
  type Advance,
  type PendingWrite,
  type VersionSnapshot,
  type Refreshed,
  type Tag,
  type Version,
} from '../versions/version-store.js';
import { freshVersion } from '../versions/version.js';
import { Backplane, CutOffError } from '../versions/backplane.js';
import { Refresher } from './refresher.js';

/** What a write has made: an answer to be stored before anybody asks for it. */
export interface WrittenThrough {
  /** What the answer depends on: this tag alone, which stands for nothing else. */
  readonly tag: Tag;
  /** The keys of the questions that have this answer. */
  readonly keys: readonly string[];
  readonly answer: CachedResponse;
  /** What {@link CacheWriter.begin} has observed, before the commit; nothing if the versionStore was not told. */
  readonly observed: VersionSnapshot | undefined;
}

/** A write that is about to begin. */
export interface Announcement {
  /** The store whose users need not be told of the write in another way; undefined if the versionStore was not told. */
  readonly store: string | undefined;
  /** The versions of the observed tags before the commit; undefined if the versionStore was not told. */
  readonly observed: VersionSnapshot | undefined;
}

/** A write that was committed, or whose outcome is not known. */
export interface FinishedWrite {
  readonly writeId: string;
  /** What it made untrue. */
  readonly changed: readonly Tag[];
  readonly made?: WrittenThrough;
  /** Whether the source found, as it committed, that all instances use the store that the write was announced to. */
  readonly isAnnounced: boolean;
}

/**
 * How often writers make warm answers anew because others have finished writing meanwhile, before they invalidate them instead.
 * Until they have finished, what is in force stays so: it lacks nothing that was acknowledged.
 */
const ATTEMPTS = 3;

interface Prepared extends WrittenThrough {
  /** Not yet in force. */
  readonly version: Version;
}

/**
 * The writer's side of the protocol:
 *
 * 1. {@link begin} what the write may touch,
 * 2. commit the database transaction,
 * 3. {@link finish} it (or {@link abort}, if it was rolled back, or {@link invalidate}, if nobody knows),
 * 4. and only then answer the caller.
 *
 * Writers of one process finish together: those who come while others are finishing share the next round, which begins
 * after their commits.
 *
 * When the versionStore cannot be told of a write, this instance trusts nothing that is stored until it has made up for that. The
 * other instances are told by the backplane, if the application has one.
 */
@Injectable()
export class CacheWriter {
  private readonly logger = new Logger(CacheWriter.name);
  private readonly finishing = new NextRun<void>();
  private finished: FinishedWrite[] = [];

  constructor(
    private readonly versionStore: VersionStore,
    private readonly entries: EntryStore,
    private readonly refresher: Refresher,
    private readonly statistics: CacheStatistics,
    @Optional() private readonly backplane?: Backplane,
  ) {}

  /**
   * Notes that a write is about to begin.
   *
   * @param observeTags tags whose versions before the commit {@link finish} will need
   * @throws {CutOffError} if nobody could be told of the write in any way
   */
  async begin(pendingWrite: PendingWrite, observeTags: readonly Tag[] = []): Promise<Announcement> {
    const { store } = this.versionStore;
    const observed = await this.tell(() => this.versionStore.begin(pendingWrite, observeTags));
    if (observed && store !== undefined) return { store, observed };
    if (this.backplane?.isMember === false) throw new CutOffError();
    this.statistics.unannouncedWrites += 1;
    return { store: undefined, observed: undefined };
  }

  /**
   * Puts out what the write made untrue, except for warm answers, which are made anew, and brings into force what it made,
   * provided that nobody has touched that since it was announced.
   *
   * @throws {InvalidationNotRelayedError}
   */
  async finish(write: FinishedWrite): Promise<void> {
    this.finished.push(write);
    await this.finishing.run(() => {
      const writes = this.finished;
      this.finished = [];
      return this.finishAll(writes);
    });
  }

  /**
   * Puts out everything that is stored under these tags, on behalf of no write, or of one whose outcome is not known. Of such
   * a one the pendingWrite stays: the database may still be about to commit it, so its tags are evicted again at its deadline.
   *
   * @throws {InvalidationNotRelayedError}
   */
  async invalidate(tags: readonly Tag[]): Promise<void> {
    await this.complete(
      [],
      tags.map((tag) => ({ tag })),
    );
  }

  /** The write did not happen. */
  async abort(writeId: string): Promise<void> {
    await this.tell(() => this.versionStore.complete([writeId], []));
  }

  private async finishAll(writes: readonly FinishedWrite[]): Promise<void> {
    const writeIds = writes.map(({ writeId }) => writeId);
    const changed = [...new Set(writes.flatMap((write) => write.changed))];
    const isAnnounced = writes.every((write) => write.isAnnounced);
    const made = writes.flatMap((write) => write.made ?? []).map((one) => ({ ...one, version: freshVersion() }));
    const stored = made.map((one) => this.store(one));
    for (let attempt = 1; ; attempt += 1) {
      const refresh = await this.refresher.prepare(changed);
      const orRefuse = attempt < ATTEMPTS;
      const advances = changed.map((tag): Advance => ({
        tag,
        refreshed: withRefusal(refresh.tags.get(tag), orRefuse),
      }));
      if (await this.complete(writeIds, [...advances, ...made.map(advanceOf)], { shown: refresh.shown, isAnnounced })) {
        await Promise.all([...stored, this.refresher.publish(refresh)]);
        return;
      }
    }
  }

  /** Stores what a write has made under a version that is not yet in force. */
  private async store({ tag, keys, answer, observed, version }: Prepared): Promise<void> {
    if (!observed) return;
    const entry = { vector: vectorOf([tag], new Map(observed).set(tag, version)), answer };
    const stored = await Promise.all(keys.map((key) => this.entries.prepare(key, entry)));
    this.statistics.writtenThrough += stored.filter(Boolean).length;
  }

  /** Resolves with false if a advance has refused. */
  private async complete(
    writeIds: readonly string[],
    advances: readonly Advance[],
    { shown = [], isAnnounced = true }: { readonly shown?: readonly Tag[]; readonly isAnnounced?: boolean } = {},
  ): Promise<boolean> {
    const settled = await this.tell(() => this.versionStore.complete(writeIds, advances, shown));
    if (settled === false) return false;
    this.statistics.evictedTags += advances.filter(({ refreshed }) => !refreshed).length;
    if (settled === undefined || !isAnnounced) {
      this.statistics.relayedWrites += 1;
      await this.backplane?.relay([...new Set(advances.map(({ tag }) => tag))]);
    }
    return true;
  }

  private async tell<T>(operation: () => Promise<T>): Promise<T | undefined> {
    try {
      return await operation();
    } catch (error) {
      if (!(error instanceof VersionStoreUnavailableError)) throw error;
      this.logger.debug(`the versionStore was not told of a write: ${error.detail}`);
      return undefined;
    }
  }
}

function withRefusal(refreshed: Refreshed | undefined, orRefuse: boolean): Advance['refreshed'] {
  return refreshed && { ...refreshed, orRefuse };
}

function advanceOf({ tag, observed, version }: Prepared): Advance {
  const before = observed?.get(tag);
  return before === undefined ? { tag } : { tag, refreshed: { observed: before, version } };
}
