import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Cache } from 'cache-manager';
import { CacheEvents } from '../cache.events.js';
import { CACHE_OPTIONS, type CacheOptions } from '../cache.options.js';
import { withDeadline } from '../flow/deadline.js';
import type { Tag, VersionSnapshot } from '../versions/version-store.js';
import { isCurrent, type VersionVector } from '../versions/version-vector.js';
import type { CachedResponse } from './cached-response.js';
import { sizeOf, type Entry } from './entry.js';
import { L1Cache } from './l1-cache.js';
import { Quotas } from './quotas.js';

/** Injection token of cache-manager's cache that holds the entries. The application's own `CACHE_MANAGER` is another one. */
export const ENTRY_CACHE = Symbol('ENTRY_CACHE');

/** Fraction of the bytes of L1 that one asker may fill, in L1 and in L2. */
const ASKER_FRACTION = 1 / 8;

export interface SaveOptions {
  /** Is charged for the entry. Beyond its quota, what was stored for it first is removed. */
  readonly asker?: string | undefined;
  /** Whether a write stores the entry, before anybody asks. */
  readonly written?: boolean;
}

/**
 * The entries of both levels: in this process (L1), and in Redis, if there is one, for all processes (L2).
 *
 * Storage never fails a request: an entry that cannot be read in time is a miss, and one that cannot be stored is missing.
 */
@Injectable()
export class EntryStore {
  private readonly logger = new Logger(EntryStore.name);
  private readonly quotas: Quotas;

  constructor(
    @Inject(ENTRY_CACHE) private readonly cache: Cache,
    private readonly l1: L1Cache,
    @Inject(CACHE_OPTIONS) private readonly options: CacheOptions,
    private readonly events: CacheEvents,
  ) {
    this.quotas = new Quotas(options.l1MaxBytes * ASKER_FRACTION);
  }

  private get isShared(): boolean {
    const { redisUrl, createRedisClient, entryStore } = this.options;
    return [redisUrl, createRedisClient, entryStore].some((option) => option !== undefined);
  }

  /** The response under `key` in this process, if it is current. */
  findL1(key: string, tags: readonly Tag[], snapshot: VersionSnapshot): CachedResponse | undefined {
    const entry = this.l1.get(key);
    return entry && isCurrent(entry.vector, tags, snapshot) ? entry.response : undefined;
  }

  /** The response under `key` for all processes, if it was stored under exactly this vector. It is then kept in L1. */
  async findL2(key: string, vector: VersionVector): Promise<CachedResponse | undefined> {
    if (!this.isShared) return undefined;
    try {
      const entry = await withDeadline(this.cache.get<Entry>(key), this.options.deadline);
      if (entry?.vector.join() !== vector.join()) return undefined;
      this.l1.set(key, entry);
      return entry.response;
    } catch (error) {
      this.warn('read', error);
      return undefined;
    }
  }

  /**
   * Stores a current response on both levels.
   *
   * @returns whether it was stored
   */
  async save(key: string, entry: Entry, { asker, written = false }: SaveOptions = {}): Promise<boolean> {
    if (this.isShared) this.l1.set(key, entry);
    const isStored = await this.prepare(key, entry, { written });
    if (asker !== undefined) await this.remove(this.quotas.charge(asker, key, sizeOf(entry, key)));
    return isStored;
  }

  /**
   * Stores a response that may not be current yet for all processes. L1 keeps the one that it has.
   *
   * @returns whether it was stored
   */
  async prepare(key: string, entry: Entry, { written }: Pick<SaveOptions, 'written'> = {}): Promise<boolean> {
    try {
      await withDeadline(this.cache.set(key, entry), this.options.deadline);
      this.events.emit({ type: 'store', written: written === true });
      return true;
    } catch (error) {
      this.warn('store', error);
      return false;
    }
  }

  private async remove(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    for (const key of keys) this.l1.delete(key);
    try {
      await withDeadline(this.cache.mdel([...keys]), this.options.deadline);
    } catch (error) {
      this.warn('remove', error);
    }
  }

  private warn(what: string, error: unknown): void {
    this.events.emit({ type: 'store-failure' });
    this.logger.warn(`could not ${what} an entry: ${error instanceof Error ? error.message : String(error)}`);
  }
}
