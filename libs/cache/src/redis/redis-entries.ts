import { KeyvAdapter, type CacheManagerStore } from 'cache-manager';
import { redisInsStore } from 'cache-manager-redis-yet';
import { Keyv } from 'keyv';
import type { CacheOptions } from '../cache.options.js';
import { packEntry, unpackEntry, type NamedEntry } from '../entries/entry.js';
import type { RedisClient } from './redis-connection.js';

/**
 * The second level (L2): entries in Redis, as a store for cache-manager over the client of the version store.
 *
 * Only Redis knows the lifetime. Keyv would write the time of expiry, by the clock of this machine, into the value, and
 * another machine would compare it with its own clock.
 */
export function redisEntries(
  client: RedisClient,
  { namespace, entryLifetime }: Pick<CacheOptions, 'namespace' | 'entryLifetime'>,
): Keyv {
  // The two packages describe the same store by types that differ in detail only: see cache-manager's KeyvAdapter.
  const store = redisInsStore(client as never, {
    ttl: entryLifetime,
    // With the hash tag of the version store, since it is the same client.
    keyPrefix: `{${namespace}}:entry`,
  }) as unknown as CacheManagerStore;
  const keyv = new Keyv({ store: new KeyvAdapter(store), useKeyPrefix: false, throwOnErrors: true });
  keyv.serialize = ({ value }) => packEntry(value as NamedEntry);
  keyv.deserialize = (packed) => ({ value: unpackEntry(packed) as never });
  // Failures are also thrown to the caller. Without a listener, Node would end the process.
  keyv.on('error', () => undefined);
  return keyv;
}
