/** What the cache did for a request: hits by level, misses, misses that shared a load, and reads past the cache. */
export type CacheOutcomeName = 'l1' | 'l2' | 'miss' | 'collapsed' | 'bypass' | 'none';

/** A request whose response has ended. */
export interface FinishedRequest {
  readonly id: string;
  /** Null without a valid token. */
  readonly subject: string | null;
  readonly method: string;
  /** The path with its parameters; undefined if there is no such route. */
  readonly route: string | undefined;
  /** `aborted` if the client went away before the response was sent. */
  readonly status: number | 'aborted';
  readonly outcome: CacheOutcomeName;
  readonly milliseconds: number;
  readonly problemCode?: string | undefined;
}

/** The outcome that a `Cache-Status` header tells (RFC 9211). */
export function cacheOutcomeOf(cacheStatus: unknown): CacheOutcomeName {
  if (typeof cacheStatus !== 'string') return 'none';
  if (cacheStatus.endsWith('near; hit')) return 'l1';
  if (cacheStatus.endsWith('; hit')) return 'l2';
  if (cacheStatus.includes('fwd=bypass')) return 'bypass';
  return cacheStatus.endsWith('; collapsed') ? 'collapsed' : 'miss';
}
