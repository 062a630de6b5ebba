import type { Tag } from '../ledger/ledger.js';

/** A finished write could not be told to the other instances in any way, so it must not be acknowledged. */
export class EvictionNotRelayedError extends Error {
  readonly code = 'CACHE_EVICTION_NOT_RELAYED';
}

/**
 * A way to the other instances that does not lead through the ledger: for an instance that is cut off from Redis while
 * others are not.
 */
export abstract class EvictionRelay {
  /**
   * Has the tags evicted by an instance that reaches the ledger. Resolves when one has done so, or when it is known that
   * none trusts the ledger, or after a short time without an answer.
   *
   * @throws {EvictionNotRelayedError} when the other instances cannot be told
   */
  abstract relay(tags: readonly Tag[]): Promise<void>;
}
