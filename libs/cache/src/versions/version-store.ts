import type { StoreProblem } from './store-problem.js';

/** The tag that every cached response depends on: a new epoch invalidates everything. */
export const EPOCH = 'epoch';

/** A name for facts that a response depends on, such as `orders:NEW`. */
export type Tag = string;

/** A random token that never repeats. Losing one is safe: its replacement equals nothing that is stored. */
export type Version = string;

/** Versions by tag as they stood at one moment. The version of {@link EPOCH} is always among them. */
export type VersionSnapshot = ReadonlyMap<Tag, Version>;

/** A write under way, noted before its transaction begins. */
export interface PendingWrite {
  /** Unique among the pending writes. */
  readonly id: string;
  /** Tags that the write may invalidate. */
  readonly tags: readonly Tag[];
  /** Tags of what the write creates. Nothing is stored under them yet, except that it is missing. */
  readonly creates?: readonly Tag[] | undefined;
}

/** How a completed write moves one tag to its next version. Without `swap` the tag gets a random version. */
export interface Advance {
  readonly tag: Tag;
  readonly swap?: VersionSwap | undefined;
}

/**
 * A compare-and-set: the tag moves from `expected` to `next`, which makes the responses stored under `next` current. If
 * another write has moved the tag meanwhile, it gets a random version; with `otherwise: 'refuse'`, nothing at all is done.
 */
export interface VersionSwap {
  readonly expected: Version;
  readonly next: Version;
  readonly otherwise: 'invalidate' | 'refuse';
}

/** A pending write that has just been noted. */
export interface BegunWrite {
  /** Whether no other write was pending. Its snapshot is then likely to be current still when the write completes. */
  readonly isAlone: boolean;
  readonly snapshot: VersionSnapshot;
}

/** The pending writes on some tags, and the tags' versions at the same moment. Tags without a version are missing. */
export interface PendingSnapshot {
  readonly writeIds: readonly string[];
  readonly snapshot: VersionSnapshot;
}

/** The version store did not answer in time or is not trusted, so no stored response can be validated. */
export class VersionStoreUnavailableError extends Error {
  readonly code = 'CACHE_VERSION_STORE_UNAVAILABLE';

  /** @param detail a short token for the `detail` of a `Cache-Status` header (RFC 9211) */
  constructor(
    readonly detail: string,
    options?: ErrorOptions,
  ) {
    super(`the version store of the cache is unavailable: ${detail}`, options);
  }
}

/** Settles like the operation, or gives something else if the store is unavailable. */
export async function unlessUnavailable<T, U>(
  operation: () => Promise<T>,
  otherwise: (error: VersionStoreUnavailableError) => U,
): Promise<T | U> {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof VersionStoreUnavailableError) return otherwise(error);
    throw error;
  }
}

/**
 * Keys and tags reach the store as UTF-8, where all lone surrogates are the same. What is made of a request may be no text, whatever
 * its type says.
 *
 * @throws {TypeError}
 */
export function assertWellFormed(texts: readonly unknown[]): void {
  if (texts.every((text) => typeof text === 'string' && text.isWellFormed())) return;
  throw new TypeError('a key or tag is not well-formed text: it is no text, or has half of a surrogate pair');
}

/** The store must not be trusted now: other instances use another one, or the instance cannot find out. */
export class StoreRefusedError extends Error {
  readonly code = 'CACHE_STORE_REFUSED';
}

/** What else is done when writes complete, for the responses that become current by it. */
export interface CompleteOptions {
  /** Tags of these responses, as far as a single write can be recognised in them. */
  readonly shown?: readonly Tag[] | undefined;
  /** Names of leases to acquire. Other processes wait for these responses, which are about to be stored. */
  readonly leases?: readonly string[] | undefined;
}

/** Decides whether a store may be trusted, so that all instances trust the same one. */
export interface Admission {
  /**
   * Claims the store for this instance.
   *
   * @param store identifies the store; after a restart or a failover it is another one
   * @param label of the epoch that the store holds
   * @returns the label that the epoch must have
   * @throws {StoreRefusedError}
   */
  admit(store: string, label: string): Promise<string>;
}

/** Admits every store: for one instance, or where nothing but the store connects the instances. */
export const ADMIT_ALL: Admission = { admit: (store) => Promise.resolve(store) };

/**
 * The version of each tag, the pending writes and the load leases: the one place that decides whether a stored response is
 * valid.
 *
 * All methods that return a promise, except `open`, `close` and those for leases, throw {@link VersionStoreUnavailableError}
 * when the store cannot be reached in time.
 */
export abstract class VersionStore {
  /** Whether the store is reachable and its versions are trusted. */
  abstract readonly available: boolean;

  /** Identifies the trusted store and the history of its data; undefined while none is trusted. */
  abstract readonly store: string | undefined;

  /** What is wrong: why the store is not trusted, or what may go wrong although it is. Undefined if the store does not say. */
  get problem(): StoreProblem | undefined {
    return undefined;
  }

  /**
   * Begins to use the store. Resolves when the store is trusted, or after the first failure; attempts go on.
   *
   * @param admission is asked each time before the store is trusted
   */
  abstract open(admission?: Admission): Promise<void>;

  /** Ends the use of the store. */
  abstract close(): Promise<void>;

  /** Stops trusting the store until it has been admitted again. */
  abstract revalidate(reason: string): void;

  /** Remembers invalidations that may have been lost. They are made up for before the store is trusted again. */
  abstract markUnconfirmed(tags: readonly Tag[]): void;

  /** Reads the versions of the epoch and of those `tags` that have one, in one step. Creates none but the epoch's. */
  abstract snapshot(tags: readonly Tag[]): Promise<VersionSnapshot>;

  /** Like {@link snapshot}, but gives tags without a version a fresh one. It expires soon if nothing is stored under it. */
  abstract ensureVersions(tags: readonly Tag[]): Promise<VersionSnapshot>;

  /**
   * Sets the presence key of this member in the store for `lifetime` milliseconds. A call that arrives late lets the key expire no
   * later than one that arrives in time.
   *
   * @param mayReturn whether a presence key that has expired is set again; if not, one is only prolonged
   * @returns how long the presence key of this member lasts at least, in milliseconds after this call; 0 if it is not
   */
  abstract checkIn(member: string, lifetime: number, mayReturn: boolean): Promise<number>;

  /** Whether all these members have a presence key in the store. */
  abstract arePresent(members: readonly string[]): Promise<boolean>;

  /**
   * Notes a write that is about to begin, and takes a snapshot of `tags` in the same step, which gives tags without a version a
   * fresh one. A write that is not completed within the lifetime of pending writes expires: its outcome counts as unknown.
   */
  abstract begin(write: PendingWrite, tags?: readonly Tag[]): Promise<BegunWrite>;

  /**
   * Advances tags, one after the other, and forgets the pending writes, all in one step.
   *
   * Responses that become current by this may show other pending writes. No reader may see an older state after a newer
   * one, so the same step invalidates all tags of those writes, except tags that were just refreshed.
   *
   * @returns false if a swap refused, and nothing was done
   */
  abstract complete(
    writeIds: readonly string[],
    advances: readonly Advance[],
    options?: CompleteOptions,
  ): Promise<boolean>;

  /**
   * The pending writes that touch or create any of `tags`, or touch the epoch. The versions in its snapshot live on for what is
   * stored next.
   */
  abstract pending(tags: readonly Tag[]): Promise<PendingSnapshot>;

  /**
   * Invalidates all tags of these pending writes, as far as they are still pending. They are overdue then: readers no longer
   * wait for them. Their tags are invalidated again when they complete or expire.
   */
  abstract invalidateOverdue(writeIds: readonly string[]): Promise<void>;

  /**
   * Invalidates the tags of expired writes, whose writers died between commit and completion, and forgets these writes.
   *
   * @returns the invalidated tags
   */
  abstract sweepExpired(): Promise<readonly Tag[]>;

  /**
   * Acquires a lease, which lets one process load a response while the others wait for the stored one.
   *
   * @returns true for the first process that asks, until the lease is released or expires. A lease only saves work, so it is
   *   also granted while the store is unavailable.
   */
  abstract acquireLease(name: string): Promise<boolean>;

  /** Releases the lease of a load that stored nothing, so that another process loads. */
  abstract releaseLease(name: string): Promise<void>;

  /**
   * Gives `tags` random versions, which invalidates every response stored under them. Also invalidates all tags of the pending
   * writes on these tags, because a reader may have seen those writes.
   */
  async invalidate(tags: readonly Tag[]): Promise<void> {
    await this.complete([], randomAdvances(tags), { shown: tags });
  }
}

/** Advances that invalidate. */
export function randomAdvances(tags: readonly Tag[]): readonly Advance[] {
  return tags.map((tag) => ({ tag }));
}
