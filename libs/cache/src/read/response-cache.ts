import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { CacheEvents } from '../cache.events.js';
import { CACHE_OPTIONS, type CacheOptions } from '../cache.options.js';
import { CacheTracer, traced, type TracedOperation } from '../cache.tracer.js';
import { compressed, type CachedResponse } from '../entries/cached-response.js';
import { EntryStore } from '../entries/entry-store.js';
import { Askers } from '../flow/askers.js';
import { NextRun } from '../flow/next-run.js';
import { SingleFlight } from '../flow/single-flight.js';
import { Backplane } from '../versions/backplane.js';
import { SnapshotBatch, type SnapshotOrUnavailable } from '../versions/snapshot-batch.js';
import {
  assertWellFormed,
  unlessUnavailable,
  VersionStore,
  VersionStoreUnavailableError,
  type Tag,
  type VersionSnapshot,
} from '../versions/version-store.js';
import { isCurrent, loadName, vectorOf, type VersionVector } from '../versions/version-vector.js';
import { Inspector } from './inspector.js';
import { LoadLimit } from './load-limit.js';
import { MonotonicReads } from './monotonic-reads.js';
import { RefreshOnWrite } from './refresh-on-write.js';

/** Identifies a response, and names the facts that it depends on. */
export interface KeyAndTags {
  /** Names everything that changes the response, above all what the caller may see. */
  readonly key: string;
  /** The same for the same key. */
  readonly tags: readonly Tag[];
  /** The caller who is charged for what is loaded and stored on its behalf. Never a part of the key. */
  readonly asker?: string | undefined;
  /** The part of the value that only writes change, for inspections. By default, all of it. */
  readonly comparable?: ((value: never) => unknown) | undefined;
}

/** Loads a response from the source. */
export type LoadResponse = () => Promise<CachedResponse>;

/** What the cache did for one read. */
export type CacheOutcome =
  | { readonly kind: 'hit'; readonly level: 'l1' | 'l2' }
  /** `collapsed`: the response was loaded on behalf of another read with the same key and versions. */
  | { readonly kind: 'miss'; readonly stored: boolean; readonly collapsed: boolean }
  /** The versions could not be read, so the response came from the source; `detail` says why. */
  | { readonly kind: 'bypass'; readonly detail: string };

export interface CacheResult {
  readonly response: CachedResponse;
  readonly outcome: CacheOutcome;
}

export interface ReadOptions {
  /** A snapshot that was taken for this very request already. */
  readonly snapshot?: SnapshotOrUnavailable | undefined;
  /** The read as a tracer shows it, if it has begun already. */
  readonly operation?: TracedOperation | undefined;
  /** Whether compressed forms are stored as well. */
  readonly compress?: boolean;
}

interface Filled {
  readonly response: CachedResponse;
  readonly from: 'l1' | 'l2' | 'source';
  readonly stored: boolean;
}

/** A response, or a later snapshot to look again with. */
type Fill = Filled | { readonly superseded: SnapshotOrUnavailable };

/** A load for a key under certain versions. */
interface Wanted {
  readonly name: string;
  readonly keyAndTags: KeyAndTags;
  readonly vector: VersionVector;
  readonly load: LoadResponse;
  readonly compress: boolean;
  /** Those who wait for it. */
  readonly askers: Askers;
  /** Until when another process is waited for. */
  readonly giveUpAt: number;
}

/** First pause before looking again for a response that another process loads, in milliseconds. It doubles each time. */
const FIRST_PAUSE = 1;

/**
 * Cache-aside whose responses are never older than the last acknowledged write.
 *
 * An entry is stored under the versions that its tags had *before* it was loaded, and is valid while all of them stand. A
 * reader that a writer overtakes therefore stores something that no request is given. Every request compares with a
 * snapshot that began after it arrived.
 */
@Injectable()
export class ResponseCache {
  private readonly snapshots: SnapshotBatch;
  private readonly loads: LoadLimit;
  private readonly fills = new SingleFlight<Fill>();
  private readonly bypasses = new Map<string, { readonly runs: NextRun<CachedResponse>; readonly askers: Askers }>();

  constructor(
    private readonly versions: VersionStore,
    private readonly entries: EntryStore,
    private readonly monotonicReads: MonotonicReads,
    private readonly refreshed: RefreshOnWrite,
    private readonly inspector: Inspector,
    @Inject(CACHE_OPTIONS) private readonly options: CacheOptions,
    private readonly events: CacheEvents,
    @Optional() backplane?: Backplane,
    @Optional() private readonly tracer?: CacheTracer,
  ) {
    this.snapshots = new SnapshotBatch(versions, events, backplane);
    this.loads = new LoadLimit(options);
  }

  /**
   * Versions at some moment after this call.
   *
   * @throws {TypeError} if a tag is not well-formed text: it would fail all who share the snapshot
   */
  snapshot(tags: readonly Tag[]): Promise<SnapshotOrUnavailable> {
    assertWellFormed(tags);
    return this.snapshots.snapshot(tags);
  }

  /** The response in this process, if it is current by a snapshot that was taken for this very request. */
  findL1({ key, tags }: KeyAndTags, snapshot: SnapshotOrUnavailable): CachedResponse | undefined {
    if (snapshot instanceof VersionStoreUnavailableError) return undefined;
    this.refreshed.noteAsked(key);
    const response = this.entries.findL1(key, tags, snapshot);
    if (response) this.events.emit(L1_HIT);
    return response;
  }

  /**
   * The response for a key: from the cache if it is current, else from `load`.
   *
   * Errors of `load` go to every read that shares the load, and are never stored.
   *
   * @throws {TooManyLoadsError} at once, when too many loads wait already
   * @throws {LoadTimeoutError}
   * @throws {TypeError} if the key or a tag is not well-formed text
   */
  get(
    keyAndTags: KeyAndTags,
    load: LoadResponse,
    { snapshot, operation = this.tracer?.begin('read'), compress = true }: ReadOptions = {},
  ): Promise<CacheResult> {
    const read = (): Promise<CacheResult> => this.read(keyAndTags, load, compress, snapshot);
    return operation ? traced(operation, read, ({ outcome }) => outcome) : read();
  }

  private async read(
    keyAndTags: KeyAndTags,
    load: LoadResponse,
    compress: boolean,
    snapshot?: SnapshotOrUnavailable,
  ): Promise<CacheResult> {
    assertWellFormed([keyAndTags.key]);
    const giveUpAt = performance.now() + this.options.leaseWaitTimeout;
    for (let found = snapshot ?? (await this.snapshot(keyAndTags.tags)); ;) {
      if (found instanceof VersionStoreUnavailableError) return this.bypass(keyAndTags, found.detail, load);

      const l1 = this.findL1(keyAndTags, found);
      if (l1) {
        this.inspect(keyAndTags, found, l1, load);
        return { response: l1, outcome: { kind: 'hit', level: 'l1' } };
      }

      const complete = await this.withAllVersions(keyAndTags.tags, found);
      if (complete instanceof VersionStoreUnavailableError) return this.bypass(keyAndTags, complete.detail, load);

      const vector = vectorOf(keyAndTags.tags, complete);
      const name = loadName(this.options.shape, keyAndTags.key, vector);
      const { value, leader } = await this.fills.run(
        name,
        (askers) => this.fill({ name, keyAndTags, vector, load, compress, askers, giveUpAt }),
        keyAndTags.asker,
      );
      if ('superseded' in value) {
        found = value.superseded;
        continue;
      }
      if (value.from === 'l2') this.inspect(keyAndTags, complete, value.response, load);
      return this.resultOf(value, leader);
    }
  }

  /** Compares a hit with the source, if it is time for that, after the caller was answered. */
  private inspect(
    { key, tags, asker, comparable }: KeyAndTags,
    snapshot: VersionSnapshot,
    response: CachedResponse,
    load: LoadResponse,
  ): void {
    if (!this.inspector.isDue) return;
    const vector = vectorOf(tags, snapshot);
    void this.inspector.inspect({
      key,
      tags,
      comparable,
      vector,
      response,
      load: () => this.load(load, new Askers(asker)),
    });
  }

  /** Tags get a version only when something is about to be loaded, so that reads of missing things leave nothing behind. */
  private async withAllVersions(tags: readonly Tag[], snapshot: VersionSnapshot): Promise<SnapshotOrUnavailable> {
    if (tags.every((tag) => snapshot.has(tag))) return snapshot;
    return unlessUnavailable(
      () => this.versions.ensureVersions(tags),
      (error) => error,
    );
  }

  private resultOf({ response, from, stored }: Filled, leader: boolean): CacheResult {
    if (from !== 'source') {
      this.events.emit({ type: 'hit', level: from });
      return { response, outcome: { kind: 'hit', level: from } };
    }
    this.events.emit({ type: 'miss', collapsed: !leader });
    return { response, outcome: { kind: 'miss', stored, collapsed: !leader } };
  }

  /**
   * Looks into L2 and loads if the response is not there, on behalf of all reads that saw the same versions.
   *
   * While another process loads, it checks whether the versions were superseded: nobody will store under the old ones then.
   */
  private async fill(wanted: Wanted): Promise<Fill> {
    const { name, keyAndTags, vector, giveUpAt } = wanted;
    for (let pause = FIRST_PAUSE; ; pause *= 2) {
      const found = await this.entries.findL2(keyAndTags.key, vector);
      if (found) return { response: found, from: 'l2', stored: true };

      const isMine = await this.versions.acquireLease(name);
      const left = giveUpAt - performance.now();
      if (isMine || left <= 0) return this.loadUnderLease(wanted);

      await delay(Math.min(pause, left));
      const snapshot = await this.snapshot(keyAndTags.tags);
      if (snapshot instanceof VersionStoreUnavailableError || !isCurrent(vector, keyAndTags.tags, snapshot)) {
        return { superseded: snapshot };
      }
      // A write of this process may have refreshed it.
      const kept = this.entries.findL1(keyAndTags.key, keyAndTags.tags, snapshot);
      if (kept) return { response: kept, from: 'l1', stored: true };
    }
  }

  /** A lease whose response was stored ends by itself: a process that looked just before the store may ask for it now. */
  private async loadUnderLease({
    name,
    keyAndTags: { key, tags, asker },
    vector,
    load,
    compress,
    askers,
  }: Wanted): Promise<Filled> {
    let stored = false;
    try {
      const loaded = await this.load(load, askers);
      const response = compress ? await compressed(loaded) : loaded;
      const snapshot = await this.monotonicReads.settled(tags);
      // A superseded response must not take the place of what was stored since.
      const isStorable = snapshot !== undefined && isCurrent(vector, tags, snapshot);
      if (isStorable) stored = await this.entries.save(key, { vector, response }, { asker });
      return { response, from: 'source', stored };
    } finally {
      if (!stored) await this.versions.releaseLease(name);
    }
  }

  /**
   * Reads past the cache. Without versions, a load that is under way may be too old for a request that has just arrived, so
   * the request shares the next one. The source sees one load per key at a time.
   */
  private async bypass({ key, asker }: KeyAndTags, detail: string, load: LoadResponse): Promise<CacheResult> {
    this.events.emit({ type: 'bypass', detail });
    let reads = this.bypasses.get(key);
    if (!reads) {
      reads = { runs: new NextRun(() => this.bypasses.delete(key)), askers: new Askers(asker) };
      this.bypasses.set(key, reads);
    }
    const { runs, askers } = reads;
    askers.add(asker);
    const response = await runs.run(() => this.load(load, askers));
    return { response, outcome: { kind: 'bypass', detail } };
  }

  private load(load: LoadResponse, askers: Askers): Promise<CachedResponse> {
    return this.loads.run(() => {
      this.events.emit({ type: 'load' });
      return this.tracer ? traced(this.tracer.begin('load'), load) : load();
    }, askers);
  }
}

const L1_HIT = { type: 'hit', level: 'l1' } as const;
