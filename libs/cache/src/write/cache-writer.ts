import { randomUUID } from 'node:crypto';
import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import { CacheEvents } from '../cache.events.js';
import { CACHE_OPTIONS, type CacheOptions } from '../cache.options.js';
import { CacheTracer, traced } from '../cache.tracer.js';
import { toCachedResponse, type CachedResponse } from '../entries/cached-response.js';
import { EntryStore } from '../entries/entry-store.js';
import { NextRun } from '../flow/next-run.js';
import { MonotonicReads } from '../read/monotonic-reads.js';
import { RefreshOnWrite } from '../read/refresh-on-write.js';
import { Backplane, CutOffError, InvalidationNotRelayedError } from '../versions/backplane.js';
import {
  assertWellFormed,
  randomAdvances,
  unlessUnavailable,
  VersionStore,
  type Advance,
  type BegunWrite,
  type CompleteOptions,
  type PendingWrite,
  type Tag,
  type Version,
  type VersionSnapshot,
} from '../versions/version-store.js';
import { freshVersion, vectorOf } from '../versions/version-vector.js';
import { Refresher } from './refresher.js';

/** A write to the source, and what it means for the cache. */
export interface CacheWrite<T> {
  /** Tags that the write may invalidate. */
  readonly tags: readonly Tag[];
  /** Tag of what the write creates. It stands for nothing else. What was cached under it as missing is invalidated. */
  readonly creates?: Tag | undefined;
  /** Tags of what the caller learns, from the result or from a refusal. The call waits for other pending writes on them. */
  readonly shows?: readonly Tag[] | undefined;
  /** Changes the source, all or nothing. It resolves when the change is committed. It must not read through the cache. */
  readonly transaction: (announced: Announced) => Promise<T>;
  /** Says what a committed transaction has done. By default it has invalidated {@link tags}. */
  readonly outcome?: ((result: T) => WriteOutcome) | undefined;
}

/**
 * How a write was announced before its transaction. A transaction with a fence checks both of this: see PROTOCOL.md, "The fence".
 */
export interface Announced {
  /** The store that knows of the pending write, which all instances must still use; undefined if none could be told. */
  readonly store: string | undefined;
  /** Until when the transaction must have changed the source, as `performance.now()`: the pending write expires later. */
  readonly until: number;
}

/** What a committed transaction has done. */
export interface WriteOutcome {
  /** Tags that the write has invalidated. */
  readonly tags?: readonly Tag[] | undefined;
  /** What it has created, as its readers see it, to be stored before anybody asks for it. */
  readonly created?: readonly CreatedValue[] | undefined;
  /** False if the transaction found that the announcement does not hold any more. The backplane tells all instances then. */
  readonly isAnnounced?: boolean | undefined;
}

/** One view of what was created, under the keys by which it will be asked for. Its tag is {@link CacheWrite.creates}. */
export interface CreatedValue {
  readonly keys: readonly string[];
  readonly value: unknown;
  /** Stands at the beginning of the entity tag. */
  readonly version?: string | undefined;
}

/** The writes of this process that have begun and not returned. */
export interface WritesUnderWay {
  readonly count: number;
  /** Age of the oldest one in milliseconds; 0 without any. */
  readonly oldestAge: number;
}

/** A committed write that is to be completed. */
interface Committed {
  readonly writeId: string;
  readonly tags: readonly Tag[];
  readonly created?: Created | undefined;
  readonly isAnnounced: boolean;
  /** From before the transaction, if it is likely to be current still. It has the tags of what the write refreshes. */
  readonly snapshot: VersionSnapshot | undefined;
}

interface Created {
  readonly tag: Tag;
  readonly views: readonly { readonly keys: readonly string[]; readonly response: CachedResponse }[];
  /** From before the commit; undefined if the version store was not told of the write. */
  readonly snapshot: VersionSnapshot | undefined;
  /** Not current yet. */
  readonly next: Version;
}

/** How often a round of writes refreshes again because another write came between, before it only invalidates. */
const MAX_REFRESHES = 3;

/**
 * The one way to write: announces the write, runs the transaction, completes the write in the cache, and only then returns.
 *
 * Writes of one process complete together: those that commit during a round share the next one. While the version store
 * cannot be told of a write, this process trusts nothing that is stored; the backplane tells the other processes.
 */
@Injectable()
export class CacheWriter {
  private readonly logger = new Logger(CacheWriter.name);
  private readonly rounds = new NextRun<void>();
  private committed: Committed[] = [];
  private isClosed = false;
  /** When each write under way began, the oldest first. */
  private readonly begun = new Set<{ readonly at: number }>();

  constructor(
    private readonly versions: VersionStore,
    private readonly entries: EntryStore,
    private readonly refreshed: RefreshOnWrite,
    private readonly refresher: Refresher,
    private readonly monotonicReads: MonotonicReads,
    @Inject(CACHE_OPTIONS) private readonly options: Pick<CacheOptions, 'isRolledBack' | 'pendingWriteLifetime'>,
    private readonly events: CacheEvents,
    @Optional() private readonly backplane?: Backplane,
    @Optional() private readonly tracer?: CacheTracer,
  ) {}

  get underWay(): WritesUnderWay {
    const [oldest] = this.begun;
    return { count: this.begun.size, oldestAge: oldest ? performance.now() - oldest.at : 0 };
  }

  /**
   * Writes to the source and to the cache. After it has returned, no read shows the state before the write.
   *
   * A failed transaction that was rolled back for certain leaves nothing behind. Any other failure may have been committed,
   * so its tags are invalidated, now and when the pending write expires.
   *
   * @throws whatever the transaction throws, or `outcome` after the commit
   * @throws {TypeError} before the transaction, if a tag is not well-formed text
   * @throws {CutOffError} before the transaction, if nobody could be told of the write
   * @throws {InvalidationNotRelayedError} after the commit, if the other processes could not be told, or no more because the
   *   application has closed
   */
  async write<T>(write: CacheWrite<T>): Promise<T> {
    const begun = { at: performance.now() };
    this.begun.add(begun);
    try {
      return await traced(this.tracer?.begin('write'), () => this.carryOut(write));
    } finally {
      this.begun.delete(begun);
    }
  }

  private async carryOut<T>({ tags, creates, shows = [], transaction, outcome }: CacheWrite<T>): Promise<T> {
    const created = creates === undefined ? [] : [creates];
    const touched = [...tags, ...created];
    assertWellFormed([...touched, ...shows]);
    const pending: PendingWrite = { id: randomUUID(), tags, creates: created };
    const until = performance.now() + this.options.pendingWriteLifetime / 2;
    const refreshed = this.refreshed.dependentOn(touched).flatMap((response) => response.tags);
    const { store, snapshot, isAlone } = await this.begin(pending, [...new Set([...created, ...refreshed])]);
    let result: T;
    try {
      result = await transaction({ store, until });
    } catch (error) {
      await this.end(pending, error);
      await this.waitFor(shows);
      throw error;
    }
    let committed: Committed;
    try {
      const done = outcome?.(result) ?? {};
      assertWellFormed([...(done.tags ?? []), ...(done.created ?? []).flatMap(({ keys }) => keys)]);
      committed = {
        writeId: pending.id,
        tags: [...(done.tags ?? tags), ...(done.created ? [] : created)],
        created: creates === undefined || !done.created ? undefined : createdOf(creates, done.created, snapshot),
        isAnnounced: store !== undefined && done.isAnnounced !== false,
        snapshot: isAlone ? snapshot : undefined,
      };
    } catch (error) {
      // The transaction is committed all the same.
      await this.invalidate(touched);
      throw error;
    }
    await this.complete(committed);
    await this.waitFor(shows);
    return result;
  }

  /** The application closes: writes that cannot be told to the store any more are refused, or not acknowledged. */
  close(): void {
    this.isClosed = true;
  }

  /**
   * Invalidates everything that is stored under these tags.
   *
   * @throws {InvalidationNotRelayedError}
   */
  async invalidate(tags: readonly Tag[]): Promise<void> {
    assertWellFormed(tags);
    await this.advance([], randomAdvances(tags));
    this.events.emit({ type: 'invalidation', tags, cause: 'request' });
  }

  private async begin(
    write: PendingWrite,
    tags: readonly Tag[],
  ): Promise<Partial<BegunWrite> & { readonly store: string | undefined }> {
    const { store } = this.versions;
    const begun = await this.unlessAway(() => this.versions.begin(write, tags));
    if (begun && store !== undefined) return { store, ...begun };
    if (this.isClosed || this.backplane?.isMember === false) throw new CutOffError();
    this.events.emit({ type: 'unannounced-write' });
    return { store: undefined };
  }

  /** Ends a write whose transaction failed. If it may still be committed, the pending write stays and will expire. */
  private async end({ id, tags, creates = [] }: PendingWrite, error: unknown): Promise<void> {
    let isRolledBack = false;
    try {
      isRolledBack = this.options.isRolledBack(error);
    } catch (failure) {
      this.logger.error(`isRolledBack failed: ${String(failure)}`);
    }
    if (isRolledBack) await this.unlessAway(() => this.versions.complete([id], []));
    else await this.invalidate([...tags, ...creates]);
  }

  private async waitFor(shown: readonly Tag[]): Promise<void> {
    if (shown.length > 0) await this.monotonicReads.settled(shown);
  }

  private async complete(write: Committed): Promise<void> {
    this.committed.push(write);
    await this.rounds.run(() => {
      const writes = this.committed;
      this.committed = [];
      return this.completeAll(writes);
    });
  }

  private async completeAll(writes: readonly Committed[]): Promise<void> {
    const writeIds = writes.map(({ writeId }) => writeId);
    const changed = [...new Set(writes.flatMap(({ tags }) => tags))];
    const isAnnounced = writes.every((write) => write.isAnnounced);
    const created = writes.flatMap((write) => write.created ?? []);
    const stored = created.map((one) => this.store(one));
    const responses = this.refreshed.takeDependentOn(changed);
    let known = writes.find(({ snapshot }) => snapshot)?.snapshot;
    for (let attempt = 1; ; attempt += 1) {
      const refresh = await this.refresher.prepare(changed, responses, known);
      known = undefined;
      const otherwise = attempt < MAX_REFRESHES ? 'refuse' : 'invalidate';
      const advances = changed.map((tag): Advance => {
        const swap = refresh.swaps.get(tag);
        return { tag, swap: swap && { ...swap, otherwise } };
      });
      if (await this.advance(writeIds, [...advances, ...created.map(advanceOf)], refresh, isAnnounced)) {
        const tags = advances.filter(({ swap }) => !swap).map(({ tag }) => tag);
        if (tags.length > 0) this.events.emit({ type: 'invalidation', tags, cause: 'write' });
        void this.refresher.publish(refresh);
        await Promise.all(stored);
        return;
      }
    }
  }

  /** Stores what a write has created, under a version that is not current yet. */
  private async store({ tag, views, snapshot, next }: Created): Promise<void> {
    if (!snapshot) return;
    const vector = vectorOf([tag], new Map(snapshot).set(tag, next));
    const stored = views.flatMap(({ keys, response }) =>
      keys.map((key) => this.entries.prepare(key, { vector, response }, { written: true })),
    );
    await Promise.all(stored);
  }

  /** @returns false if an advance refused */
  private async advance(
    writeIds: readonly string[],
    advances: readonly Advance[],
    { shown, leases }: CompleteOptions = {},
    isAnnounced = true,
  ): Promise<boolean> {
    const done = await this.unlessAway(() => this.versions.complete(writeIds, advances, { shown, leases }));
    if (done === false) return false;
    if ((done === undefined || !isAnnounced) && advances.length > 0) {
      await this.relay([...new Set(advances.map(({ tag }) => tag))]);
    }
    return true;
  }

  private async relay(tags: readonly Tag[]): Promise<void> {
    const began = performance.now();
    let failed = true;
    try {
      if (this.isClosed && !this.backplane) {
        throw new InvalidationNotRelayedError(
          'the application has closed, so the other instances cannot be told of a write',
        );
      }
      await this.backplane?.relay(tags);
      failed = false;
    } finally {
      this.events.emit({ type: 'relayed-write', milliseconds: performance.now() - began, failed });
    }
  }

  private unlessAway<T>(operation: () => Promise<T>): Promise<T | undefined> {
    return unlessUnavailable(operation, ({ detail }) => {
      this.logger.debug(`the version store was not told of a write: ${detail}`);
      return undefined;
    });
  }
}

function createdOf(tag: Tag, created: readonly CreatedValue[], snapshot: VersionSnapshot | undefined): Created {
  const views = created.map(({ keys, value, version }) => ({ keys, response: toCachedResponse(value, version) }));
  return { tag, views, snapshot, next: freshVersion() };
}

/** Whoever changed the created thing since the snapshot has the last word. */
function advanceOf({ tag, snapshot, next }: Created): Advance {
  const expected = snapshot?.get(tag);
  return expected === undefined ? { tag } : { tag, swap: { expected, next, otherwise: 'invalidate' } };
}
