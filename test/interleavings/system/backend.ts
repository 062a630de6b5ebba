import type { Keyv } from 'keyv';
import type { CacheOptions } from '../../../libs/cache/src/cache.options.js';
import { memoryStore } from '../../../libs/cache/src/entries/memory-store.js';
import type { L1Cache } from '../../../libs/cache/src/entries/l1-cache.js';
import { NoLeases, type LoadLeases } from '../../../libs/cache/src/read/load-leases.js';
import type { VersionStore } from '../../../libs/cache/src/versions/version-store.js';
import { MemoryVersionStore } from '../../../libs/cache/src/versions/memory-version-store.js';
import { RedisConnection, type RedisClient } from '../../../libs/cache/src/redis/redis-connection.js';
import { redisEntries } from '../../../libs/cache/src/redis/redis-entries.js';
import { RedisVersionStore } from '../../../libs/cache/src/redis/redis-version-store.js';
import { RedisLoadLeases } from '../../../libs/cache/src/redis/redis-load-leases.js';
import { SimulatedLink } from './simulated-client.js';
import type { Host } from './host.js';
import type { SimulatedRedis } from './simulated-redis.js';

/** What the cache of one process is put together over. */
export interface Backend {
  readonly options: CacheOptions;
  readonly versionStore: VersionStore;
  readonly leases: LoadLeases;
  readonly entries: Keyv;
  /** The way to Redis, if there is one. */
  readonly link?: SimulatedLink;
}

/** Everything in this process: there are no others. */
export function memoryBackend(options: CacheOptions, near: L1Cache, now: () => number): Backend {
  return {
    options,
    versionStore: new MemoryVersionStore({ ...options, now }),
    leases: new NoLeases(),
    entries: memoryStore(near),
  };
}

/** The real connection, versionStore, leases and entries over a Redis that is simulated. */
export function redisBackend(defaults: CacheOptions, host: Host, redis: SimulatedRedis): Backend {
  const redisUrl = 'redis://simulated';
  const options = { ...defaults, redisUrl };
  const link = new SimulatedLink(host, redis);
  const connection = new RedisConnection({
    url: redisUrl,
    deadline: options.deadline,
    retryInterval: options.sweepInterval,
    createClient: () => link.createClient() as unknown as RedisClient,
  });
  return {
    options,
    versionStore: new RedisVersionStore(connection, options),
    leases: new RedisLoadLeases(connection, options),
    entries: redisEntries(connection.client, options),
    link,
  };
}
