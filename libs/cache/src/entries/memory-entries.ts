import { Keyv } from 'keyv';
import { LRUCache } from 'lru-cache';

/**
 * The entries in this process, as a store for cache-manager: the least recently used ones go out first.
 *
 * @param maxBytes bound of all entries together, in bytes
 * @param entryLifetime in milliseconds
 */
export function memoryEntries(maxBytes: number, entryLifetime: number): Keyv {
  const store = new LRUCache<string, object>({
    maxSize: maxBytes,
    ttl: entryLifetime,
    sizeCalculation: (value, key) => key.length + JSON.stringify(value).length,
  });
  const keyv = new Keyv({ store, useKeyPrefix: false });
  keyv.serialize = undefined;
  keyv.deserialize = undefined;
  return keyv;
}
