import { LRUCache } from 'lru-cache';
import { sizeOf, type Entry } from './entry.js';

/**
 * Entries in this process, as bytes that need only be sent: the least recently used ones go out first.
 *
 * An entry that is found is not yet an answer: whether it is still in force has to be observed anew for every request.
 */
export class L1Cache {
  private readonly entries: LRUCache<string, Entry>;

  /**
   * @param maxBytes bound of the memory that all entries together take, in bytes
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
