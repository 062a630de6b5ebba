import type { Tag } from './version-store.js';
import type { Admission } from './admission.js';

/** The other instances could not be told of a committed write, so it must not be acknowledged. */
export class InvalidationNotRelayedError extends Error {
  readonly code = 'CACHE_INVALIDATION_NOT_RELAYED';
}

/** A write was refused before it began: this instance reaches neither the versionStore nor the other instances. */
export class CutOffError extends Error {
  readonly code = 'CACHE_CUT_OFF';

  constructor() {
    super('neither the versionStore nor the other instances can be told of a write');
  }
}

/**
 * A second way to the other instances that does not lead through the versionStore. It knows which instances there are (members),
 * tells them of writes that the versionStore was not told of, and says which versionStore all of them use.
 */
export abstract class Backplane implements Admission {
  /**
   * Whether this instance may answer from the cache: it hears of what others write without the versionStore, or nobody can write
   * without the versionStore.
   */
  abstract readonly mayAnswer: boolean;

  /** Whether the other instances can be told of a write, and their echoes heard. */
  abstract readonly isMember: boolean;

  abstract admit(store: string, seen: string): Promise<string>;

  /**
   * Has the tags invalidated by all instances. Resolves when an instance has done so in the versionStore that all use, or when
   * no other instance can answer from the cache without having heard of it. Takes as long as a lease at most.
   *
   * @throws {InvalidationNotRelayedError} when the other instances cannot be told
   */
  abstract relay(tags: readonly Tag[]): Promise<void>;
}
