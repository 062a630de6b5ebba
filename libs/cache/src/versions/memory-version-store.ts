import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { CacheEvents } from '../cache.events.js';
import type { CacheOptions } from '../cache.options.js';
import { NextRun } from '../flow/next-run.js';
import { TroubleLogger } from '../flow/reminder.js';
import type { StoreProblem } from './store-problem.js';
import {
  ADMIT_ALL,
  EPOCH,
  randomAdvances,
  VersionStore,
  VersionStoreUnavailableError,
  type Admission,
  type Advance,
  type BegunWrite,
  type CompleteOptions,
  type PendingSnapshot,
  type PendingWrite,
  type Tag,
  type Version,
  type VersionSnapshot,
} from './version-store.js';
import { freshVersion } from './version-vector.js';

/** How many versions are kept, unless a test says otherwise, and how many characters their tags have together at most. */
const MAX_VERSIONS = 100_000;
const MAX_TAG_CHARACTERS = 100 * MAX_VERSIONS;

/** How soon a refused store asks for admission again, in milliseconds. */
const ADMISSION_INTERVAL = 1_000;

interface MemoryVersionStoreOptions extends Pick<CacheOptions, 'pendingWriteLifetime' | 'now'> {
  /** How many versions are kept. The least recently used ones are lost first, which is safe. */
  readonly maxVersions?: number;
}

interface NotedWrite extends PendingWrite {
  readonly expiresAt: number;
  isOverdue: boolean;
}

/** The version store of a single process. A backplane admits no other instance beside it. */
export class MemoryVersionStore extends VersionStore {
  override available = true;
  private readonly name = `memory:${randomUUID()}`;
  private readonly versions: LRUCache<Tag, Version>;
  private readonly writes = new Map<string, NotedWrite>();
  private readonly now: () => number;
  private readonly admissions = new NextRun<void>();
  private admission: Admission = ADMIT_ALL;
  private readonly logger = new TroubleLogger(MemoryVersionStore.name);
  private lastProblem: StoreProblem | undefined;
  private label = '';
  private isClosed = false;
  private retry: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: MemoryVersionStoreOptions,
    private readonly events = new CacheEvents(),
  ) {
    super();
    this.now = options.now ?? (() => performance.now());
    this.versions = new LRUCache({
      max: options.maxVersions ?? MAX_VERSIONS,
      maxSize: MAX_TAG_CHARACTERS,
      sizeCalculation: (_, tag) => Math.max(1, tag.length),
    });
  }

  override get store(): string | undefined {
    return this.available ? this.name : undefined;
  }

  override get problem(): StoreProblem | undefined {
    return this.available ? undefined : this.lastProblem;
  }

  override open(admission: Admission = ADMIT_ALL): Promise<void> {
    this.admission = admission;
    return this.admissions.run(() => this.admit());
  }

  override close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.retry);
    return Promise.resolve();
  }

  override revalidate(reason: string): void {
    this.lastProblem = { kind: 'revalidating', message: reason };
    this.available = false;
    if (!this.isClosed) void this.admissions.run(() => this.admit());
  }

  /** They are made up for at once, since that cannot fail here. */
  override markUnconfirmed(tags: readonly Tag[]): void {
    this.events.emit({ type: 'unconfirmed-invalidation', tags });
    void this.invalidate(tags);
    if (tags.includes(EPOCH)) this.events.emit({ type: 'epoch-renewal', cause: 'unconfirmed' });
  }

  private async admit(): Promise<void> {
    this.available = false;
    clearTimeout(this.retry);
    try {
      const label = await this.admission.admit(this.name, this.label);
      if (label !== this.label) {
        this.advance([{ tag: EPOCH }]);
        this.events.emit({ type: 'epoch-renewal', cause: this.label === '' ? 'no-epoch' : 'other-store' });
        this.label = label;
      }
      this.available = true;
    } catch (error) {
      // Refused: nothing is stored meanwhile.
      this.note({ kind: 'refused', message: error instanceof Error ? error.message : String(error) });
      this.retry = setTimeout(() => {
        if (!this.isClosed) void this.admissions.run(() => this.admit());
      }, ADMISSION_INTERVAL).unref();
    }
  }

  private note(problem: StoreProblem): void {
    this.lastProblem = problem;
    if (!this.isClosed)
      this.logger.trouble(`The cache is not used, and responses come from the database: ${problem.message}`);
  }

  override snapshot(tags: readonly Tag[]): Promise<VersionSnapshot> {
    if (!this.available) return Promise.reject(new VersionStoreUnavailableError('store-refused'));
    return Promise.resolve(this.read([EPOCH, ...tags.filter((tag) => this.versions.has(tag))]));
  }

  override ensureVersions(tags: readonly Tag[]): Promise<VersionSnapshot> {
    return Promise.resolve(this.read([EPOCH, ...tags]));
  }

  override checkIn(_member: string, lifetime: number): Promise<number> {
    return Promise.resolve(lifetime);
  }

  /** No other member can be in this process. */
  override arePresent(members: readonly string[]): Promise<boolean> {
    return Promise.resolve(members.length === 0);
  }

  override begin(write: PendingWrite, tags: readonly Tag[] = []): Promise<BegunWrite> {
    const isAlone = this.writes.size === 0;
    this.writes.set(write.id, {
      ...write,
      expiresAt: this.now() + this.options.pendingWriteLifetime,
      isOverdue: false,
    });
    return Promise.resolve({ isAlone, snapshot: this.read([EPOCH, ...tags]) });
  }

  /** Ignores leases, since no other process shares this store. */
  override complete(
    writeIds: readonly string[],
    advances: readonly Advance[],
    { shown = [] }: CompleteOptions = {},
  ): Promise<boolean> {
    if (advances.some((one) => one.swap?.otherwise === 'refuse' && !this.isExpected(one)))
      return Promise.resolve(false);

    this.advance(advances);
    for (const id of writeIds) this.writes.delete(id);

    const isRefreshed = ({ tag, swap }: Advance): boolean => swap?.otherwise === 'refuse' || shown.includes(tag);
    const refreshed = new Set(advances.filter(isRefreshed).map(({ tag }) => tag));
    for (const { tags } of this.writesOn(shown)) {
      for (const tag of tags) if (!refreshed.has(tag)) this.versions.set(tag, freshVersion());
    }
    return Promise.resolve(true);
  }

  override pending(tags: readonly Tag[]): Promise<PendingSnapshot> {
    const all = [EPOCH, ...tags];
    return Promise.resolve({ writeIds: this.writesOn(all).map(({ id }) => id), snapshot: this.read(all) });
  }

  override invalidateOverdue(writeIds: readonly string[]): Promise<void> {
    for (const write of writeIds.flatMap((id) => this.writes.get(id) ?? [])) {
      if (!write.isOverdue) this.advance(randomAdvances([...write.tags, ...(write.creates ?? [])]));
      write.isOverdue = true;
    }
    return Promise.resolve();
  }

  override async sweepExpired(): Promise<readonly Tag[]> {
    const now = this.now();
    const expired = [...this.writes.values()].filter(({ expiresAt }) => expiresAt <= now);
    const tags = [...new Set(expired.flatMap(({ tags, creates = [] }) => [...tags, ...creates]))];
    await this.invalidate(tags);
    for (const { id } of expired) this.writes.delete(id);
    return tags;
  }

  /** No other process shares this store. */
  override acquireLease(): Promise<boolean> {
    return Promise.resolve(true);
  }

  override releaseLease(): Promise<void> {
    return Promise.resolve();
  }

  private advance(advances: readonly Advance[]): void {
    for (const one of advances) {
      this.versions.set(one.tag, one.swap && this.isExpected(one) ? one.swap.next : freshVersion());
    }
  }

  private isExpected({ tag, swap }: Advance): boolean {
    return this.versions.get(tag) === swap?.expected;
  }

  private writesOn(wanted: readonly Tag[]): NotedWrite[] {
    return [...this.writes.values()].filter(
      ({ tags, creates = [], isOverdue }) => !isOverdue && [...tags, ...creates].some((tag) => wanted.includes(tag)),
    );
  }

  private read(tags: readonly Tag[]): VersionSnapshot {
    const snapshot = new Map<Tag, Version>();
    for (const tag of tags) {
      let version = this.versions.get(tag);
      if (version === undefined) this.versions.set(tag, (version = freshVersion()));
      snapshot.set(tag, version);
    }
    return snapshot;
  }
}
