import type { Tag } from '../ledger/ledger.js';
import type { Admission } from '../ledger/admission.js';

/** The other instances could not be told of a committed write, so it must not be acknowledged. */
export class EvictionNotRelayedError extends Error {
  readonly code = 'CACHE_EVICTION_NOT_RELAYED';
}

/** A write was refused before it began: this instance reaches neither the ledger nor the other instances. */
export class CutOffError extends Error {
  readonly code = 'CACHE_CUT_OFF';

  constructor() {
    super('neither the ledger nor the other instances can be told of a write');
  }
}

/**
 * A second way to the other instances that does not lead through the ledger. It knows which instances there are (members),
 * tells them of writes that the ledger was not told of, and says which ledger all of them use.
 */
export abstract class Backplane implements Admission {
  /**
   * Whether this instance may answer from the cache: it hears of what others write without the ledger, or nobody can write
   * without the ledger.
   */
  abstract readonly mayAnswer: boolean;

  /** Whether the other instances can be told of a write, and their echoes heard. */
  abstract readonly isMember: boolean;

  abstract admit(store: string, seen: string): Promise<string>;

  /**
   * Has the tags invalidated by all instances. Resolves when an instance has done so in the ledger that all use, or when
   * no other instance can answer from the cache without having heard of it. Takes as long as a lease at most.
   *
   * @throws {EvictionNotRelayedError} when the other instances cannot be told
   */
  abstract relay(tags: readonly Tag[]): Promise<void>;
}
