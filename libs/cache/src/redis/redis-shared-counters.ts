import { SharedCounters, type SharedCount } from '../counters/shared-counters.js';
import { VersionStoreUnavailableError } from '../versions/version-store.js';
import type { RedisConnection } from './redis-connection.js';

export interface RedisSharedCountersOptions {
  readonly namespace: string;
}

/**
 * Additions that are sent together at most. Every operation on Redis has a deadline, after which the cache does without it:
 * many counters must not make that happen.
 */
const BATCH = 500;

/** The counters of any number of processes: one key each, which Redis forgets in time. Keys share no slot, and need not. */
export class RedisSharedCounters extends SharedCounters {
  constructor(
    private readonly connection: RedisConnection,
    private readonly options: RedisSharedCountersOptions,
  ) {
    super();
  }

  override async add(
    additions: ReadonlyMap<string, number>,
    lifetime: number,
  ): Promise<ReadonlyMap<string, SharedCount> | undefined> {
    const counts = new Map<string, SharedCount>();
    const all = [...additions];
    try {
      for (let first = 0; first < all.length; first += BATCH) {
        const batch = all.slice(first, first + BATCH);
        // Commands that are given within one turn of the event loop go out together.
        const stands = await this.connection.run((client) =>
          Promise.all(batch.map(([name, addition]) => client.count(this.key(name), addition, lifetime))),
        );
        batch.forEach(([name], index) => counts.set(name, stands[index] as SharedCount));
      }
      return counts;
    } catch (error) {
      if (error instanceof VersionStoreUnavailableError) return undefined;
      throw error;
    }
  }

  private key(name: string): string {
    return `${this.options.namespace}:count:${name}`;
  }
}
