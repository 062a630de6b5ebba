/** The kinds of {@link StoreProblem}, for metrics and alerts. */
export const STORE_PROBLEMS = [
  /** The address does not lead to a Redis. */
  'unreachable',
  /** Redis closes the connection. */
  'closed',
  /** Redis does not answer in time. */
  'silent',
  /** Redis answers, but slowly. */
  'slow',
  /** The two ends do not agree on TLS. */
  'tls',
  /** Redis refuses the user or the password. */
  'login',
  /** The user of Redis lacks rights. */
  'rights',
  /** Redis refuses writes. */
  'read-only',
  /** It is a node of a Redis Cluster that does not have the keys, or is in no cluster. */
  'cluster',
  /** It is no sentinel, or does not know the primary. */
  'sentinel',
  /** The address names a database that Redis does not have. */
  'url',
  /** Redis gave another error. */
  'error',
  /** All instances must use the same store, and this one is another. */
  'refused',
  /** The store is checked before it is trusted again. */
  'revalidating',
  /** This instance could not hear of the writes of the others. */
  'cut-off',
  /** Redis may evict what it must keep. The store is used all the same. */
  'eviction-policy',
] as const;

/**
 * What is wrong with the version store.
 *
 * @publicApi
 */
export interface StoreProblem {
  readonly kind: (typeof STORE_PROBLEMS)[number];
  /** The cause and what to do, as a part of a sentence. It names no address. */
  readonly message: string;
  /** The error as it was given, for the log alone: it may name the address. */
  readonly detail?: string | undefined;
}

/** A problem as it is logged. */
export function describeProblem({ message, detail }: StoreProblem): string {
  return detail === undefined ? message : `${message} (${detail})`;
}
