/**
 * The numbers of all advisory locks. Two purposes must not share a number, since each would keep the other out; all versions
 * of the application that may run at the same time must agree on them. PostgreSQL keeps locks of one number and locks of two
 * numbers apart.
 */
export const ADVISORY_LOCKS = {
  /** Held by the instance that migrates. */
  migrations: 7_391_245,
  /** Held by the instance that deletes old events. */
  eventPruning: 7_391_246,
  /** Held by who loads sample orders. */
  sample: 7_391_247,
  /** Held by writes, shared, and by the instance that has the cache use another store; migrations name it themselves. */
  cacheStores: 7_391_248,
  /** Held by the owner of an embedded server. */
  embeddedServer: 6_370_918_211,
} as const;

/** The first number of advisory locks that have two. */
export const ADVISORY_LOCK_CLASSES = {
  /** Of the counters' rows; the second number is the shard. Migrations name it themselves, since they never change. */
  counterShards: 1_836_020_000,
} as const;
