/** Settings of the cache. All times are in milliseconds. */
export interface CacheOptions {
  /** Redis that holds versionStore and entries for all instances; without it both are in this process. */
  readonly redisUrl?: string;
  /**
   * Names the data that the answers are made of. Keys of different names never meet, so that two installations may share a
   * Redis, and so that a Redis which outlives its database is not believed.
   */
  readonly namespace: string;
  /** How long an unused entry is kept. It may be long: what is untrue is invalid at once, whatever its age. */
  readonly entryLifetime: number;
  /** How long a version is kept. Must be longer than entries live; losing one is safe and costs a load. */
  readonly versionLifetime: number;
  /**
   * How long a write may be under way; must be longer than it may wait for a connection to the database, and the database
   * then lets its transaction last, together.
   */
  readonly pendingWriteLifetime: number;
  /** How long Redis may take for one operation before the request does without it. */
  readonly deadline: number;
  /** How long a process may load an answer while the others wait for what it stores. */
  readonly leaseLifetime: number;
  /** How long to wait for an answer that another process loads before loading it as well. */
  readonly leaseWaitTimeout: number;
  /**
   * How many answers a process loads at the same time on behalf of readers, however many different ones are asked for. Fewer
   * than there are connections to the database leave some to the writers.
   */
  readonly maxLoads: number;
  /** How many more loads wait for their turn; whoever asks for yet another one is refused at once. */
  readonly maxWaitingLoads: number;
  /** How long a load waits for its turn before it is refused. */
  readonly loadQueueTimeout: number;
  /** How long a load may take; longer than the source's own limits. */
  readonly loadTimeout: number;
  /**
   * What the answers look like, by a digest of what makes them: instances of different builds may share a Redis, and are never
   * given the entries of each other.
   */
  readonly shape: string;
  /** How long a write waits for the warm answers to be made anew before it evicts them. */
  readonly refreshTimeout: number;
  /**
   * Headers that every answer of the application carries, by their names in lower case. Answers that are given before the
   * pipeline begins get them from here; the application sets them on all others.
   */
  readonly commonHeaders?: Readonly<Record<string, string>>;
  /**
   * How long an answer that may show writes which are still under way waits for them to finish, before it evicts what they
   * touch. Most are done within some ms; those whose process died are not.
   */
  readonly pendingWriteTimeout: number;
  /** How often to look for writers that died, and, while Redis is away, whether it is back. */
  readonly sweepInterval: number;
  /** Bound of the memory that the entries kept in this process take, in bytes. */
  readonly l1MaxBytes: number;
}

/** Settings that suit most services. */
export const CACHE_DEFAULTS = {
  namespace: 'cache',
  entryLifetime: 60 * 60_000,
  versionLifetime: 24 * 60 * 60_000,
  pendingWriteLifetime: 15_000,
  deadline: 50,
  leaseLifetime: 1_000,
  leaseWaitTimeout: 250,
  maxLoads: 8,
  maxWaitingLoads: 200,
  loadQueueTimeout: 5_000,
  loadTimeout: 15_000,
  shape: 'any',
  refreshTimeout: 1_000,
  pendingWriteTimeout: 250,
  sweepInterval: 1_000,
  l1MaxBytes: 64 * 1024 * 1024,
} satisfies Omit<CacheOptions, 'redisUrl' | 'commonHeaders'>;

/** Injection token of {@link CacheOptions}. */
export const CACHE_OPTIONS = Symbol('CACHE_OPTIONS');
