import { CACHE_OPTIONS, RedisAccess, VersionStoreUnavailableError, type CacheOptions } from '@mes/cache';
import { Inject, Injectable } from '@nestjs/common';

export interface SharedCount {
  /** What all processes have counted since the counter began. */
  readonly total: number;
  /** In how many milliseconds the counter ends. The next addition begins a new one. */
  readonly endsIn: number;
}

/** Counters that are sent to Redis together. More could take longer than the deadline of one operation. */
const BATCH = 500;

/**
 * KEYS: a counter. ARGV: what to add, and the lifetime from the first addition on, in milliseconds. Returns the total and the
 * milliseconds that are left. It needs no command that the cache does not need.
 */
const COUNT = `
  local left = redis.call('PTTL', KEYS[1])
  if left <= 0 then left = tonumber(ARGV[2]) end
  local total = (redis.call('GET', KEYS[1]) or 0) + ARGV[1]
  redis.call('SET', KEYS[1], total, 'PX', left)
  return { total, left }`;

/** Counters in Redis that all processes add to. Each ends by itself, a while after it began. */
@Injectable()
export class SharedCounters {
  constructor(
    @Inject(RedisAccess) private readonly redis: RedisAccess | null,
    @Inject(CACHE_OPTIONS) private readonly options: Pick<CacheOptions, 'namespace'>,
  ) {}

  /**
   * @param additions by the names of the counters
   * @param lifetime of a counter, in milliseconds
   * @returns the counts after that; undefined without Redis or while it is away, when the additions may have been lost
   */
  async add(
    additions: ReadonlyMap<string, number>,
    lifetime: number,
  ): Promise<ReadonlyMap<string, SharedCount> | undefined> {
    if (!this.redis) return undefined;
    const counts = new Map<string, SharedCount>();
    const all = [...additions];
    try {
      for (let first = 0; first < all.length; first += BATCH) {
        const batch = all.slice(first, first + BATCH);
        // Commands that are given within one turn of the event loop are sent together.
        const replies = await this.redis.run('other', (client) =>
          Promise.all(
            batch.map(([name, addition]) =>
              client.eval(COUNT, {
                keys: [`{${this.options.namespace}}:count:${name}`],
                arguments: [String(addition), String(lifetime)],
              }),
            ),
          ),
        );
        batch.forEach(([name], i) => {
          const [total, endsIn] = replies[i] as [number, number];
          counts.set(name, { total, endsIn });
        });
      }
      return counts;
    } catch (error) {
      if (error instanceof VersionStoreUnavailableError) return undefined;
      throw error;
    }
  }
}
