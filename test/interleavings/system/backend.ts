import type { Keyv } from 'keyv';
import type { CacheOptions } from '../../../libs/cache/src/cache.options.js';
import type { VersionStore } from '../../../libs/cache/src/versions/version-store.js';
import { MemoryVersionStore } from '../../../libs/cache/src/versions/memory-version-store.js';
import { RedisConnection } from '../../../libs/cache/src/redis/redis-connection.js';
import { redisEntries } from '../../../libs/cache/src/redis/redis-entries.js';
import { RedisVersionStore } from '../../../libs/cache/src/redis/redis-version-store.js';
import { SimulatedLink } from './simulated-client.js';
import type { Host } from './host.js';
import type { SimulatedRedis } from './simulated-redis.js';

/** The stores that the cache of one process uses. */
export interface Backend {
  readonly options: CacheOptions;
  readonly versionStore: VersionStore;
  /** L2, if there is one. */
  readonly entries?: Keyv;
  /** The link to Redis, if there is one. */
  readonly link?: SimulatedLink;
}

/** The stores of a single process without Redis. */
export function memoryBackend(options: CacheOptions, now: () => number): Backend {
  return {
    options,
    versionStore: new MemoryVersionStore({ ...options, now }),
  };
}

/** The real connection, version store, leases and entries on a simulated Redis. */
export function redisBackend(defaults: CacheOptions, host: Host, redis: SimulatedRedis): Backend {
  const link = new SimulatedLink(host, redis);
  const options = { ...defaults, createRedisClient: () => link.createClient() };
  const connection = new RedisConnection(options);
  return {
    options,
    versionStore: new RedisVersionStore(connection, options),
    entries: redisEntries(connection.client, options),
    link,
  };
}
