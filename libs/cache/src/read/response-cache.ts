import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { CACHE_OPTIONS, type CacheOptions } from '../cache.options.js';
import { EntryStore } from '../entries/entry-store.js';
import { LoadLimit } from './load-limit.js';
import { NextRun } from '../flow/next-run.js';
import { SingleFlight } from '../flow/single-flight.js';
import {
  VersionStore,
  VersionStoreUnavailableError,
  type VersionSnapshot,
  type Tag,
} from '../versions/version-store.js';
import { LoadLeases } from './load-leases.js';
import { Backplane } from '../versions/backplane.js';
import type { CachedResponse } from '../entries/cached-response.js';
import { MonotonicReads } from './monotonic-reads.js';
import { CacheStatistics } from '../cache-statistics.js';
import type { CacheOutcome } from './cache-outcome.js';
import { compressed } from '../entries/compress.js';
import type { LoadResponse, KeyAndTags } from './key-and-tags.js';
import { SnapshotBatch, type SnapshotOrUnavailable } from '../versions/snapshot-batch.js';
import { isCurrent, loadName, vectorOf, type VersionVector } from '../versions/version-vector.js';
import { RefreshOnWrite } from './refresh-on-write.js';

export interface CacheResult {
  readonly answer: CachedResponse;
  readonly outcome: CacheOutcome;
}

interface Filled {
  readonly answer: CachedResponse;
  readonly from: 'redis' | 'source';
  readonly stored: boolean;
}

/** What came of looking for an answer: it, or versions that were observed later, to look again with. */
type Fill = Filled | { readonly superseded: SnapshotOrUnavailable };

/** What is looked for, under which versions, and until when another process is waited for. */
interface Wanted {
  readonly name: string;
  readonly question: KeyAndTags;
  readonly vector: VersionVector;
  readonly load: LoadResponse;
  readonly giveUpAt: number;
}

/** How soon to look again for what another process is loading, in milliseconds, and then less and less often. */
const FIRST_PAUSE = 1;

/**
 * Cache-aside that never answers with anything older than the last acknowledged write.
 *
 * An entry is stored under the versions that its tags had *before* it was loaded, and is valid exactly while all of them
 * are still in force. A reader that is overtaken by a writer therefore stores something that nobody will ever be given.
 * The versions are observed anew for every request, by an observation that began after the request arrived.
 *
 * Nor does it go back from a write that was not acknowledged yet, once anybody has seen that: see {@link MonotonicReads}.
 */
@Injectable()
export class ResponseCache {
  private readonly observations: SnapshotBatch;
  private readonly monotonicReads: MonotonicReads;
  private readonly loads: LoadLimit;
  private readonly fills = new SingleFlight<Fill>();
  private readonly bypasses = new Map<string, NextRun<CachedResponse>>();

  constructor(
    private readonly versionStore: VersionStore,
    private readonly entries: EntryStore,
    private readonly leases: LoadLeases,
    private readonly warm: RefreshOnWrite,
    @Inject(CACHE_OPTIONS) private readonly options: CacheOptions,
    private readonly statistics: CacheStatistics,
    @Optional() backplane?: Backplane,
  ) {
    this.observations = new SnapshotBatch(versionStore, statistics, backplane);
    this.loads = new LoadLimit(options);
    this.monotonicReads = new MonotonicReads(versionStore, options.pendingWriteTimeout);
  }

  /** What stands in the versionStore at some moment after this call. */
  observe(tags: readonly Tag[]): Promise<SnapshotOrUnavailable> {
    return this.observations.observe(tags);
  }

  /** The answer to `question` if it is in this process and, by what was observed for this very request, in force. */
  findL1({ key, tags }: KeyAndTags, observed: SnapshotOrUnavailable): CachedResponse | undefined {
    if (observed instanceof VersionStoreUnavailableError) return undefined;
    this.warm.noteAsked(key);
    const answer = this.entries.findL1(key, tags, observed);
    if (!answer) return undefined;
    this.statistics.hits += 1;
    this.statistics.nearHits += 1;
    return answer;
  }

  /**
   * The answer to `question`, from the store if it is valid, else from `load`.
   *
   * Errors of `load` are passed on to everybody who shares that load, and are never stored.
   *
   * @param observed what {@link observe} has given for this very request already
   * @throws {TooManyLoadsError} at once, when more answers wait to be loaded than is reasonable
   */
  async answer(question: KeyAndTags, load: LoadResponse, observed?: SnapshotOrUnavailable): Promise<CacheResult> {
    const giveUpAt = performance.now() + this.options.leaseWaitTimeout;
    for (let versions = observed ?? (await this.observe(question.tags)); ;) {
      if (versions instanceof VersionStoreUnavailableError) return this.bypass(question, versions.detail, load);

      const near = this.findL1(question, versions);
      if (near) return { answer: near, outcome: { kind: 'hit', store: 'near' } };

      const known = await this.withAllVersions(question.tags, versions);
      if (known instanceof VersionStoreUnavailableError) return this.bypass(question, known.detail, load);

      const vector = vectorOf(question.tags, known);
      const name = loadName(question.key, vector);
      const { value, leader } = await this.fills.run(name, () => this.fill({ name, question, vector, load, giveUpAt }));
      if ('answer' in value) return this.cachedAnswer(value, leader);
      versions = value.superseded;
    }
  }

  /** What has no version yet gets one only now: whoever asks for what there is not leaves nothing behind for long. */
  private async withAllVersions(tags: readonly Tag[], versions: VersionSnapshot): Promise<SnapshotOrUnavailable> {
    if (tags.every((tag) => versions.has(tag))) return versions;
    try {
      return await this.versionStore.ensureVersions(tags);
    } catch (error) {
      if (error instanceof VersionStoreUnavailableError) return error;
      throw error;
    }
  }

  private cachedAnswer({ answer, from, stored }: Filled, leader: boolean): CacheResult {
    if (from === 'redis') {
      this.statistics.hits += 1;
      return { answer, outcome: { kind: 'hit', store: 'redis' } };
    }
    if (leader) this.statistics.misses += 1;
    else this.statistics.collapsed += 1;
    return { answer, outcome: { kind: 'miss', stored, collapsed: !leader } };
  }

  /**
   * Looks into the store on behalf of all who observed the same versions, and loads on their behalf if it is not there.
   *
   * While it waits for another process, it looks whether the versions have moved on: whoever moved them may have stored the
   * answer under the new ones, and nobody will under the old.
   */
  private async fill(wanted: Wanted): Promise<Fill> {
    const { name, question, vector, giveUpAt } = wanted;
    for (let pause = FIRST_PAUSE; ; pause *= 2) {
      const found = await this.entries.findL2(question.key, vector);
      if (found) return { answer: found, from: 'redis', stored: true };

      const mine = await this.leases.acquire(name);
      const left = giveUpAt - performance.now();
      if (mine || left <= 0) return this.loadUnderLease(wanted);

      await delay(Math.min(pause, left));
      const observed = await this.observe(question.tags);
      if (observed instanceof VersionStoreUnavailableError || !isCurrent(vector, question.tags, observed)) {
        return { superseded: observed };
      }
    }
  }

  /**
   * The lease of an answer that could be stored is left to end by itself: somebody may have looked for the answer before it
   * was stored, and ask for the lease only now.
   */
  private async loadUnderLease({ name, question: { key, tags, asker }, vector, load }: Wanted): Promise<Filled> {
    let stored = false;
    try {
      const answer = await compressed(await this.load(load, asker));
      const versions = await this.monotonicReads.ensure(tags);
      // An answer that has been overtaken meanwhile must not take the place of what was stored since.
      if (versions && isCurrent(vector, tags, versions))
        stored = await this.entries.save(key, { vector, answer }, asker);
      return { answer, from: 'source', stored };
    } finally {
      if (!stored) await this.leases.release(name);
    }
  }

  /**
   * Without versions nobody can know whether a load that is under way is recent enough for a request that has just
   * arrived, so the request shares the next one. The source sees one load per key at a time.
   */
  private async bypass({ key, asker }: KeyAndTags, detail: string, load: LoadResponse): Promise<CacheResult> {
    this.statistics.bypasses += 1;
    const runs = this.bypasses.get(key) ?? new NextRun<CachedResponse>(() => this.bypasses.delete(key));
    this.bypasses.set(key, runs);
    const answer = await runs.run(() => this.load(load, asker));
    return { answer, outcome: { kind: 'bypass', detail } };
  }

  private load(load: LoadResponse, asker?: string): Promise<CachedResponse> {
    return this.loads.run(() => {
      this.statistics.loads += 1;
      return load();
    }, asker);
  }
}
