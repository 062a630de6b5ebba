import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { ADMIT_ALL, type Admission } from './admission.js';
import {
  EPOCH,
  VersionStore,
  VersionStoreUnavailableError,
  type Advance,
  type PendingWrite,
  type VersionSnapshot,
  type PendingWrites,
  type Tag,
  type Version,
} from './version-store.js';
import { UnconfirmedInvalidations } from './unconfirmed-invalidations.js';
import { freshVersion } from './version.js';

/** How soon a store that was refused asks to be admitted again, in milliseconds. */
const ADMISSION_INTERVAL = 1_000;

export interface MemoryVersionStoreOptions {
  /** How long a write may take before it counts as one with unknown outcome, in milliseconds. */
  readonly pendingWriteLifetime: number;
  /** A clock that never goes back, in milliseconds. */
  readonly now?: () => number;
  /** How many versions are kept; the least recently used ones are lost first, which is safe. */
  readonly maxVersions?: number;
}

/** A write under way. */
interface OpenWrite extends PendingWrite {
  readonly deadline: number;
  isOverdue: boolean;
}

/** The versionStore of a single process. Other instances on the same database are not admitted beside it. */
export class MemoryVersionStore extends VersionStore {
  private readonly name = `memory:${randomUUID()}`;
  private readonly versions: LRUCache<Tag, Version>;
  private readonly pendingWrites = new Map<string, OpenWrite>();
  private readonly unconfirmed = new UnconfirmedInvalidations();
  private readonly now: () => number;
  private admission: Admission = ADMIT_ALL;
  private madeFor = '';
  private isTrusted = true;
  private isClosed = false;
  private attempt: Promise<void> | undefined;

  constructor(private readonly options: MemoryVersionStoreOptions) {
    super();
    this.now = options.now ?? (() => performance.now());
    this.versions = new LRUCache({ max: options.maxVersions ?? 100_000 });
  }

  override get available(): boolean {
    return this.isTrusted;
  }

  override get store(): string | undefined {
    return this.isTrusted ? this.name : undefined;
  }

  override async open(admission: Admission = ADMIT_ALL): Promise<void> {
    await this.attempt;
    this.admission = admission;
    this.revalidate('it begins');
    await this.attempt;
  }

  override close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }

  override revalidate(_why: string): void {
    this.isTrusted = false;
    this.attempt ??= this.tryOnce().then((isAdmitted) => {
      this.attempt = undefined;
      if (!isAdmitted) void this.tryAgain();
    });
  }

  override markUnconfirmed(tags: readonly Tag[]): void {
    this.unconfirmed.add(tags);
    if (this.isTrusted) this.revalidate('an invalidation is unconfirmed');
  }

  private async tryAgain(): Promise<void> {
    await delay(ADMISSION_INTERVAL, undefined, { ref: false });
    if (!this.isClosed && !this.isTrusted) this.revalidate('it was refused');
  }

  private async tryOnce(): Promise<boolean> {
    let label: string;
    try {
      label = await this.admission.admit(this.name, this.madeFor);
    } catch {
      // Refused: nothing is stored meanwhile, and the backplane says why.
      return false;
    }
    if (label !== this.madeFor) this.unconfirmed.add([EPOCH]);
    this.madeFor = label;
    const unconfirmed = this.unconfirmed.list();
    this.advance(unconfirmed.map((tag) => ({ tag })));
    this.unconfirmed.confirm(unconfirmed);
    this.isTrusted = true;
    return true;
  }

  override observe(tags: readonly Tag[]): Promise<VersionSnapshot> {
    if (!this.isTrusted) return Promise.reject(new VersionStoreUnavailableError('versionStore-refused'));
    const known = tags.filter((tag) => this.versions.has(tag));
    return Promise.resolve(this.read([EPOCH, ...known]));
  }

  override ensureVersions(tags: readonly Tag[]): Promise<VersionSnapshot> {
    return Promise.resolve(this.read([EPOCH, ...tags]));
  }

  override checkIn(): Promise<void> {
    return Promise.resolve();
  }

  /** Nobody else can be here. */
  override arePresent(members: readonly string[]): Promise<boolean> {
    return Promise.resolve(members.length === 0);
  }

  override begin(pendingWrite: PendingWrite, observeTags: readonly Tag[] = []): Promise<VersionSnapshot> {
    this.pendingWrites.set(pendingWrite.id, {
      ...pendingWrite,
      deadline: this.now() + this.options.pendingWriteLifetime,
      isOverdue: false,
    });
    return this.ensureVersions(observeTags);
  }

  override complete(
    writeIds: readonly string[],
    advances: readonly Advance[],
    shown: readonly Tag[] = [],
  ): Promise<boolean> {
    if (advances.some((advance) => advance.refreshed?.orRefuse === true && !this.isCurrent(advance)))
      return Promise.resolve(false);

    this.advance(advances);
    for (const id of writeIds) this.pendingWrites.delete(id);

    const isNew = ({ tag, refreshed }: Advance): boolean => refreshed?.orRefuse === true || shown.includes(tag);
    const madeAnew = new Set(advances.filter(isNew).map(({ tag }) => tag));
    for (const { tags } of this.pendingWritesOn(shown)) {
      for (const tag of tags) if (!madeAnew.has(tag)) this.versions.set(tag, freshVersion());
    }
    return Promise.resolve(true);
  }

  override pending(tags: readonly Tag[]): Promise<PendingWrites> {
    return Promise.resolve({
      writeIds: this.pendingWritesOn(tags).map(({ id }) => id),
      observed: this.read([EPOCH, ...tags]),
    });
  }

  override invalidateOverdue(tags: readonly Tag[]): Promise<void> {
    for (const pendingWrite of this.pendingWritesOn(tags)) {
      this.advance(pendingWrite.tags.map((tag) => ({ tag })));
      pendingWrite.isOverdue = true;
    }
    return Promise.resolve();
  }

  private advance(advances: readonly Advance[]): void {
    for (const advance of advances) {
      this.versions.set(
        advance.tag,
        advance.refreshed && this.isCurrent(advance) ? advance.refreshed.version : freshVersion(),
      );
    }
  }

  private pendingWritesOn(wanted: readonly Tag[]): OpenWrite[] {
    return [...this.pendingWrites.values()].filter(
      ({ tags, made = [], isOverdue }) => !isOverdue && [...tags, ...made].some((tag) => wanted.includes(tag)),
    );
  }

  private isCurrent({ tag, refreshed }: Advance): boolean {
    return this.versions.get(tag) === refreshed?.observed;
  }

  override async sweepExpired(): Promise<readonly Tag[]> {
    const now = this.now();
    const expired = [...this.pendingWrites].filter(([, { deadline }]) => deadline <= now);
    const tags = [...new Set(expired.flatMap(([, pendingWrite]) => pendingWrite.tags))];
    await this.invalidate(tags);
    for (const [id] of expired) this.pendingWrites.delete(id);
    return tags;
  }

  private read(tags: readonly Tag[]): VersionSnapshot {
    const observed = new Map<Tag, Version>();
    for (const tag of tags) {
      const version = this.versions.get(tag) ?? freshVersion();
      this.versions.set(tag, version);
      observed.set(tag, version);
    }
    return observed;
  }
}
