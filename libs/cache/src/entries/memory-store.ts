import { Keyv } from 'keyv';
import type { Entry } from './entry.js';
import type { L1Cache } from './l1-cache.js';

/** The entries in this process as a store for cache-manager: without Redis, there are no others. */
export function memoryStore(near: L1Cache): Keyv {
  const store = {
    get: (key: string) => {
      const value = near.get(key);
      return value && { value };
    },
    set: (key: string, { value }: { value: Entry }) => {
      near.set(key, value);
    },
    delete: (key: string) => near.delete(key),
    clear: () => {
      near.clear();
    },
  };
  const keyv = new Keyv({ store, useKeyPrefix: false });
  // Entries are kept as they are; the times of their expiry are the business of the near cache.
  keyv.serialize = undefined;
  keyv.deserialize = undefined;
  return keyv;
}
