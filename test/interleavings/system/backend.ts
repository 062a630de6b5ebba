import type { Keyv } from 'keyv';
import type { CacheOptions } from '../../../libs/cache/src/cache.options.js';
import { l1Store, type L1Cache } from '../../../libs/cache/src/entries/l1-cache.js';
import { NoLeases, type LoadLeases } from '../../../libs/cache/src/read/load-leases.js';
import type { VersionStore } from '../../../libs/cache/src/versions/version-store.js';
import { MemoryVersionStore } from '../../../libs/cache/src/versions/memory-version-store.js';
import { RedisConnection } from '../../../libs/cache/src/redis/redis-connection.js';
import { redisEntries } from '../../../libs/cache/src/redis/redis-entries.js';
import { RedisVersionStore } from '../../../libs/cache/src/redis/redis-version-store.js';
import { RedisLoadLeases } from '../../../libs/cache/src/redis/redis-load-leases.js';
import { SimulatedLink } from './simulated-client.js';
import type { Host } from './host.js';
import type { SimulatedRedis } from './simulated-redis.js';

/** The stores that the cache of one process uses. */
export interface Backend {
  readonly options: CacheOptions;
  readonly versionStore: VersionStore;
  readonly leases: LoadLeases;
  readonly entries: Keyv;
  /** The link to Redis, if there is one. */
  readonly link?: SimulatedLink;
}

/** The stores of a single process without Redis. */
export function memoryBackend(options: CacheOptions, l1: L1Cache, now: () => number): Backend {
  return {
    options,
    versionStore: new MemoryVersionStore({ ...options, now }),
    leases: new NoLeases(),
    entries: l1Store(l1),
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
    leases: new RedisLoadLeases(connection, options),
    entries: redisEntries(connection.client, options),
    link,
  };
}
