import type { Admission } from './admission.js';

/** The tag that every answer depends on: a new epoch invalidates everything at once. */
export const EPOCH = 'epoch';

/** A name for facts that an answer depends on, e.g. `orders:NEW`. */
export type Tag = string;

/** A random token that never repeats. Losing one is safe: its replacement equals nothing that was stored before. */
export type Version = string;

/** Versions by tag, as they stood together at one moment. {@link EPOCH} is always among them. */
export type VersionSnapshot = ReadonlyMap<Tag, Version>;

/** A note that a write is under way which may make answers with these tags untrue. */
export interface PendingWrite {
  /** Unique among the writes under way. */
  readonly id: string;
  readonly tags: readonly Tag[];
  /** Tags of what the write makes, and what did not exist before: there is nothing under them that it could make untrue. */
  readonly made?: readonly Tag[];
}

/**
 * How a finished write moves one tag to a new version.
 *
 * Without `refreshed`, the tag gets a random version: everything stored under it goes out. With it, the tag gets
 * `refreshed.version`, which brings answers stored under that version into force, but only while the tag still stands at
 * `refreshed.observed`. If somebody else wrote meanwhile, the tag gets a random version too, or, if `refreshed.orRefuse` is
 * set, nothing at all is done.
 */
export interface Advance {
  readonly tag: Tag;
  readonly refreshed?: (Refreshed & { readonly orRefuse?: boolean }) | undefined;
}

/** From which version to which a tag is moved on. */
export interface Refreshed {
  readonly observed: Version;
  readonly version: Version;
}

/** Writes under way, as they stood at one moment. */
export interface PendingWrites {
  readonly writeIds: readonly string[];
  /** The versions at that moment; of tags that have none, nothing. */
  readonly observed: VersionSnapshot;
}

/** The versionStore cannot be asked or did not answer in time, so nothing that was stored can be trusted now. */
export class VersionStoreUnavailableError extends Error {
  readonly code = 'CACHE_VERSION_STORE_UNAVAILABLE';

  constructor(
    /** A short token fit for the `detail` of a `Cache-Status` header. */
    readonly detail: string,
    options?: ErrorOptions,
  ) {
    super(`the cache versionStore is unavailable: ${detail}`, options);
  }
}

/**
 * The versions of all tags and the pendingWrites of the writes under way: the one place that decides whether a stored answer
 * is still true. All methods reject with {@link VersionStoreUnavailableError} when the versionStore cannot be reached in time.
 */
export abstract class VersionStore {
  /** Whether the versionStore is believed to be reachable and its versions to be trustworthy. */
  abstract readonly available: boolean;

  /** Names the store that holds the versions, while it is trusted. */
  abstract readonly store: string | undefined;

  /**
   * Begins to use the store. Resolves when it is trusted, or after the first failure; the versionStore goes on trying.
   *
   * @param admission asked each time before the store is trusted
   */
  abstract open(admission?: Admission): Promise<void>;

  /** Ends the use of the store. */
  abstract close(): Promise<void>;

  /** Stops trusting the store until it is admitted again. */
  abstract revalidate(why: string): void;

  /** Invalidates these tags before the store is trusted again: others rely on it, and it could not be done yet. */
  abstract markUnconfirmed(tags: readonly Tag[]): void;

  /** Reads the versions of the epoch and of those of `tags` that have one, in one step. Creates none but the epoch's. */
  abstract observe(tags: readonly Tag[]): Promise<VersionSnapshot>;

  /**
   * Reads the versions of `tags` and of the epoch. Tags without one get a fresh one, which is lost soon unless something is
   * stored under it.
   */
  abstract ensureVersions(tags: readonly Tag[]): Promise<VersionSnapshot>;

  /**
   * Leaves a sign in the store that this member uses it, which ends by itself after `lifetime` ms unless it is left again.
   * A sign that arrives late ends as early as one that does not.
   */
  abstract checkIn(member: string, lifetime: number): Promise<void>;

  /** Whether all these members have left a sign in the store. */
  abstract arePresent(members: readonly string[]): Promise<boolean>;

  /**
   * Notes that a write is about to begin, and observes `observeTags` in the same step.
   * An pendingWrite that is not settled within the versionStore's pendingWrite lifetime counts as a write whose outcome is unknown.
   */
  abstract begin(pendingWrite: PendingWrite, observeTags?: readonly Tag[]): Promise<VersionSnapshot>;

  /**
   * Applies the advances, one after the other, and forgets the pendingWrites, all in one step.
   *
   * Answers that come into force by this may show other writes that are under way. Nobody who has seen such a write may
   * be shown anything older: in the same step, all that these writes touch goes out, but for what was just made anew.
   *
   * @param shown tags of those answers that come into force by this and tell one write from another
   * @returns false if one of the advances refused, and nothing was done
   */
  abstract complete(
    writeIds: readonly string[],
    advances: readonly Advance[],
    shown?: readonly Tag[],
  ): Promise<boolean>;

  /**
   * Which writes are under way that touch or make any of these tags, and, at the same moment, the tags' versions. These
   * versions are kept from then on, for what is about to be stored under them.
   */
  abstract pending(tags: readonly Tag[]): Promise<PendingWrites>;

  /**
   * Invalidates all that writes under way touch which touch any of `tags`. These writes are expired: they are not
   * {@link pending} any more, and are invalidated again when they finish or at their deadline.
   */
  abstract invalidateOverdue(tags: readonly Tag[]): Promise<void>;

  /**
   * Evicts the tags of pendingWrites that are past their deadline, because their writers died between commit and complete.
   *
   * @returns the tags that were evicted
   */
  abstract sweepExpired(): Promise<readonly Tag[]>;

  /** Gives `tags` random versions: every answer stored under them is out. */
  async invalidate(tags: readonly Tag[]): Promise<void> {
    await this.complete(
      [],
      tags.map((tag) => ({ tag })),
    );
  }

  /**
   * Evicts the tags of a write by somebody who does not reach the versionStore. Other writes under way may have been committed
   * before it, and whoever is answered about it must not be shown the time before them: what those touch which touch any of
   * its tags is evicted as well.
   */
  async invalidateOnBehalf(tags: readonly Tag[]): Promise<void> {
    const advances = tags.map((tag) => ({ tag }));
    await this.complete([], advances, tags);
  }
}
