import type { Admission, Tag } from './version-store.js';

/** The other instances could not be told of a committed write, so it must not be acknowledged. */
export class InvalidationNotRelayedError extends Error {
  readonly code = 'CACHE_INVALIDATION_NOT_RELAYED';
}

/** A write was refused before it began: this instance reaches neither the version store nor the other instances. */
export class CutOffError extends Error {
  readonly code = 'CACHE_CUT_OFF';

  constructor() {
    super('neither the version store nor the other instances can be told of a write');
  }
}

/**
 * A second way to the other instances, which does not lead through the version store. It knows the instances (members),
 * relays invalidations that the store missed, and decides which store all of them trust. See PROTOCOL.md, "Members".
 *
 * @publicApi
 */
export abstract class Backplane implements Admission {
  /** Whether this instance may answer from the cache: it hears of writes that bypass the store, or there can be none. */
  abstract readonly mayAnswer: boolean;

  /** Whether the other instances can be told of a write, and their echoes heard. */
  abstract readonly isMember: boolean;

  /** Lets this instance trust a store only if all instances use the same one. Throws a `StoreRefusedError` if not. */
  abstract admit(store: string, label: string): Promise<string>;

  /**
   * Has all instances invalidate the tags. Resolves when one has done so in the store that all trust, or when no other
   * instance can answer from the cache without having heard of it.
   *
   * @throws {InvalidationNotRelayedError} when the other instances cannot be told
   */
  abstract relay(tags: readonly Tag[]): Promise<void>;
}
