import type { CacheOutcome } from '../read/cache-outcome.js';

/** What the cache did, as the value of a `Cache-Status` header: RFC 9211. */
export function cacheStatus(outcome: CacheOutcome): string {
  switch (outcome.kind) {
    case 'hit':
      return `mes-${outcome.store}; hit`;
    case 'miss':
      if (outcome.collapsed) return 'mes; fwd=miss; collapsed';
      return outcome.stored ? 'mes; fwd=miss; stored' : 'mes; fwd=miss; detail=not-stored';
    case 'bypass':
      return `mes; fwd=bypass; detail=${outcome.detail}`;
  }
}
