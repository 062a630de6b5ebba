/** What the cache did for one request. */
export type CacheOutcome =
  | { readonly kind: 'hit'; readonly store: 'near' | 'redis' }
  /** `collapsed`: the answer was loaded on behalf of another request with the same question at the same versions. */
  | { readonly kind: 'miss'; readonly stored: boolean; readonly collapsed: boolean }
  /** The versions could not be observed, so the answer came from the source; `detail` says why. */
  | { readonly kind: 'bypass'; readonly detail: string };
