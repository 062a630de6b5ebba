import type { Keyv } from 'keyv';
import type { CacheAsideOptions } from '../../../libs/cache/src/cache-aside.options.js';
import { memoryEntries } from '../../../libs/cache/src/entries/memory-entries.js';
import type { NearCache } from '../../../libs/cache/src/entries/near-cache.js';
import { NoLeases, type LoadLeases } from '../../../libs/cache/src/leases/load-leases.js';
import type { Ledger } from '../../../libs/cache/src/ledger/ledger.js';
import { MemoryLedger } from '../../../libs/cache/src/ledger/memory-ledger.js';
import { RedisConnection } from '../../../libs/cache/src/redis/redis-connection.js';
import { redisEntries } from '../../../libs/cache/src/redis/redis-entries.js';
import { RedisLedger, renewEpoch } from '../../../libs/cache/src/redis/redis-ledger.js';
import { RedisLoadLeases } from '../../../libs/cache/src/redis/redis-load-leases.js';
import { SimulatedClient } from './simulated-client.js';
import type { Host } from './host.js';
import type { SimulatedRedis } from './simulated-redis.js';

/** What the cache of one process is put together over. */
export interface Backend {
  readonly options: CacheAsideOptions;
  readonly ledger: Ledger;
  readonly leases: LoadLeases;
  readonly entries: Keyv;
  /** The connection to Redis, if there is one. */
  readonly client?: SimulatedClient;
  open(): Promise<void>;
}

/** Everything in this process: there are no others. */
export function memoryBackend(options: CacheAsideOptions, near: NearCache, now: () => number): Backend {
  return {
    options,
    ledger: new MemoryLedger({ ...options, now }),
    leases: new NoLeases(),
    entries: memoryEntries(near),
    open: () => Promise.resolve(),
  };
}

/** The real connection, ledger, leases and entries over a Redis that is simulated. */
export function redisBackend(defaults: CacheAsideOptions, host: Host, redis: SimulatedRedis): Backend {
  const redisUrl = 'redis://simulated';
  const options = { ...defaults, redisUrl };
  const client = new SimulatedClient(host, redis);
  const connection = new RedisConnection({
    url: redisUrl,
    deadline: options.deadline,
    retryInterval: options.sweepInterval,
    regain: (regained) => renewEpoch(regained, options),
  });
  // The simulated client takes the place of the one that the connection has made, with all who listen to its errors.
  for (const listener of connection.client.listeners('error')) client.on('error', listener as () => void);
  Object.assign(connection, { client });
  return {
    options,
    ledger: new RedisLedger(connection, options),
    leases: new RedisLoadLeases(connection, options),
    entries: redisEntries(connection.client, options.namespace, options.entryLifetime),
    client,
    open: () => connection.open(),
  };
}
