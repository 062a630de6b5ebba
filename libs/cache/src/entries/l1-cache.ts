import { Keyv } from 'keyv';
import { LRUCache } from 'lru-cache';
import { sizeOf, type Entry } from './entry.js';

/**
 * The first level (L1): entries in this process, as bytes that need only be sent. The least recently used ones go first.
 * Finding an entry does not make it valid: its versions are compared for every request.
 */
export class L1Cache {
  private readonly entries: LRUCache<string, Entry>;

  /**
   * @param maxBytes bound of the memory of all entries together, in bytes
   * @param entryLifetime in milliseconds
   */
  constructor(maxBytes: number, entryLifetime: number) {
    this.entries = new LRUCache({ maxSize: maxBytes, ttl: entryLifetime, sizeCalculation: sizeOf });
  }

  /** Memory that the entries take, in bytes. */
  get bytes(): number {
    return this.entries.calculatedSize;
  }

  get(key: string): Entry | undefined {
    return this.entries.get(key);
  }

  /** An entry that is larger than the whole cache is not kept. */
  set(key: string, entry: Entry): void {
    this.entries.set(key, entry);
  }

  delete(key: string): boolean {
    return this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }
}

/** The first level as a store for cache-manager: without Redis there is no second level. */
export function l1Store(l1: L1Cache): Keyv {
  const store = {
    get: (key: string) => {
      const value = l1.get(key);
      return value && { value };
    },
    set: (key: string, { value }: { value: Entry }) => {
      l1.set(key, value);
    },
    delete: (key: string) => l1.delete(key),
    clear: () => {
      l1.clear();
    },
  };
  const keyv = new Keyv({ store, useKeyPrefix: false });
  // Entries are kept as they are, and the L1 cache lets them expire.
  keyv.serialize = undefined;
  keyv.deserialize = undefined;
  return keyv;
}
