import { KeyvAdapter, type CacheManagerStore } from 'cache-manager';
import { redisInsStore } from 'cache-manager-redis-yet';
import { Keyv } from 'keyv';
import { packEntry, unpackEntry, type Entry } from '../entries/entry.js';
import type { CacheOptions } from '../cache.options.js';
import type { RedisClient } from './redis-connection.js';

/**
 * The entries in Redis, as a store for cache-manager: the client of the versionStore serves them too.
 *
 * The lifetime is given to Redis alone and not to Keyv, which would write the time of expiry, by the clock of this
 * machine, into the value, for another machine to compare with its own.
 */
export function redisEntries(
  client: RedisClient,
  { namespace, shape, entryLifetime }: Pick<CacheOptions, 'namespace' | 'shape' | 'entryLifetime'>,
): Keyv {
  // The two packages describe the same store by types that differ in detail only: see cache-manager's KeyvAdapter.
  const store = redisInsStore(client as never, {
    ttl: entryLifetime,
    keyPrefix: `${namespace}:entry:${shape}`,
  }) as unknown as CacheManagerStore;
  const keyv = new Keyv({ store: new KeyvAdapter(store), useKeyPrefix: false, throwOnErrors: true });
  keyv.serialize = ({ value }) => packEntry(value as Entry);
  keyv.deserialize = (packed) => ({ value: unpackEntry(packed) as never });
  // Failures are thrown to the caller as well; without a listener Node would end the process for them.
  keyv.on('error', () => undefined);
  return keyv;
}
