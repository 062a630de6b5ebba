import type { Keyv } from 'keyv';
import type { CacheAsideOptions } from '../../../libs/cache/src/cache-aside.options.js';
import { memoryEntries } from '../../../libs/cache/src/entries/memory-entries.js';
import type { NearCache } from '../../../libs/cache/src/entries/near-cache.js';
import { NoLeases, type LoadLeases } from '../../../libs/cache/src/leases/load-leases.js';
import type { Ledger } from '../../../libs/cache/src/ledger/ledger.js';
import { MemoryLedger } from '../../../libs/cache/src/ledger/memory-ledger.js';
import { RedisConnection, type RedisClient } from '../../../libs/cache/src/redis/redis-connection.js';
import { redisEntries } from '../../../libs/cache/src/redis/redis-entries.js';
import { RedisLedger } from '../../../libs/cache/src/redis/redis-ledger.js';
import { RedisLoadLeases } from '../../../libs/cache/src/redis/redis-load-leases.js';
import { SimulatedLink } from './simulated-client.js';
import type { Host } from './host.js';
import type { SimulatedRedis } from './simulated-redis.js';

/** What the cache of one process is put together over. */
export interface Backend {
  readonly options: CacheAsideOptions;
  readonly ledger: Ledger;
  readonly leases: LoadLeases;
  readonly entries: Keyv;
  /** The way to Redis, if there is one. */
  readonly link?: SimulatedLink;
}

/** Everything in this process: there are no others. */
export function memoryBackend(options: CacheAsideOptions, near: NearCache, now: () => number): Backend {
  return {
    options,
    ledger: new MemoryLedger({ ...options, now }),
    leases: new NoLeases(),
    entries: memoryEntries(near),
  };
}

/** The real connection, ledger, leases and entries over a Redis that is simulated. */
export function redisBackend(defaults: CacheAsideOptions, host: Host, redis: SimulatedRedis): Backend {
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
    ledger: new RedisLedger(connection, options),
    leases: new RedisLoadLeases(connection, options),
    entries: redisEntries(connection.client, options),
    link,
  };
}
