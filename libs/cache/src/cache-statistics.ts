import { Injectable } from '@nestjs/common';

/** The counts alone. */
export type CacheCounts = Readonly<Omit<CacheStatistics, 'snapshot'>>;

/** Counts of what the cache of this process did since it started. */
@Injectable()
export class CacheStatistics {
  hits = 0;
  /** Hits that were answered out of this process. */
  nearHits = 0;
  misses = 0;
  /** Requests that shared the load of another one. */
  collapsed = 0;
  bypasses = 0;
  /** Times that the source was asked. */
  loads = 0;
  stores = 0;
  storeFailures = 0;
  observations = 0;
  /** Tags that got a random version by a finished write, by hand or by a sweepExpired. */
  evictedTags = 0;
  /** Tags evicted because a writer had not finished by its deadline. */
  sweptTags = 0;
  /** Answers stored by a writer before anybody asked for them. */
  writtenThrough = 0;
  /** Times that writers made the warm answers anew. */
  refreshes = 0;
  /** Writes that the versionStore could not be told of in time. */
  unannouncedWrites = 0;
  /** Writes whose end the other instances had to be told around the versionStore. */
  relayedWrites = 0;

  /** The counts as they are now. */
  snapshot(): CacheCounts {
    return { ...(this as CacheCounts) };
  }
}
