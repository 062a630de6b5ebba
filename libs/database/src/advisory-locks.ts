/**
 * The numbers of all advisory locks that have one number. Each purpose has its own, and all versions of the application that
 * may run at the same time agree on them.
 *
 * @publicApi
 */
export const ADVISORY_LOCKS = {
  /** Held by the instance that migrates. */
  migrations: 7_391_245,
  /** Held by the instance that deletes old events. */
  eventPruning: 7_391_246,
  /** Held by the command that loads sample orders. */
  sample: 7_391_247,
  /** Held by writes, in shared mode, and by the instance that moves the cache to another store. */
  cacheStores: 7_391_248,
  /** Held by the owner of an embedded server. */
  embeddedServer: 6_370_918_211,
} as const;

/** The first numbers of advisory locks that have two. PostgreSQL keeps these apart from locks of one number. */
export const ADVISORY_LOCK_CLASSES = {
  /** For the rows of the counters; the second number is the shard. Migrations never change, so they repeat the number. */
  counterShards: 1_836_020_000,
  /** For the rows of the milestones, likewise. */
  milestoneShards: 1_836_020_001,
} as const;
