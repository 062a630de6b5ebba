import { CACHE_MANAGER } from '@nestjs/cache-manager';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Cache } from 'cache-manager';
import type { CachedResponse } from './cached-response.js';
import { CacheStatistics } from '../cache-statistics.js';
import { isCurrent, type VersionVector } from '../versions/version-vector.js';
import { CACHE_OPTIONS, type CacheOptions } from '../cache.options.js';
import { withDeadline } from '../flow/deadline.js';
import type { VersionSnapshot, Tag } from '../versions/version-store.js';
import { sizeOf, type Entry } from './entry.js';
import { L1Cache } from './l1-cache.js';
import { Quotas } from './quotas.js';

/** Part of the bytes of the near cache that what is stored for one asker may take, here and for all processes. */
const ASKERS_SHARE = 1 / 8;

/**
 * Answers under their keys, each with the vector of the versions it was loaded under: in this process, and beyond it, if
 * there is a Redis, for all processes.
 *
 * Storage never fails a request: what cannot be read in time is a miss, and what cannot be stored is not there.
 */
@Injectable()
export class EntryStore {
  private readonly logger = new Logger(EntryStore.name);
  private readonly shared: boolean;
  private readonly quotas: Quotas;

  constructor(
    @Inject(CACHE_MANAGER) private readonly cache: Cache,
    private readonly near: L1Cache,
    @Inject(CACHE_OPTIONS) private readonly options: CacheOptions,
    private readonly statistics: CacheStatistics,
  ) {
    this.shared = options.redisUrl !== undefined;
    this.quotas = new Quotas(options.l1MaxBytes * ASKERS_SHARE);
  }

  /** The answer stored in this process under `key`, if it is in force. */
  findL1(key: string, tags: readonly Tag[], versions: VersionSnapshot): CachedResponse | undefined {
    const entry = this.near.get(key);
    return entry && isCurrent(entry.vector, tags, versions) ? entry.answer : undefined;
  }

  /** The answer stored for all processes under `key`, if it was stored under just this vector; from then on it is near. */
  async findL2(key: string, vector: VersionVector): Promise<CachedResponse | undefined> {
    if (!this.shared) return undefined;
    try {
      const entry = await withDeadline(this.cache.get<Entry>(key), this.options.deadline);
      if (entry?.vector.join() !== vector.join()) return undefined;
      this.near.set(key, entry);
      return entry.answer;
    } catch (error) {
      this.complain('read', error);
      return undefined;
    }
  }

  /**
   * Stores an answer that is in force, near and for all processes. Resolves with whether that worked.
   *
   * @param asker who is charged for it, if anybody is: beyond its quota, what was stored for it before goes
   */
  async save(key: string, entry: Entry, asker?: string): Promise<boolean> {
    if (this.shared) this.near.set(key, entry);
    const stored = await this.prepare(key, entry);
    if (asker !== undefined) await this.remove(this.quotas.charge(asker, key, sizeOf(entry, key)));
    return stored;
  }

  /**
   * Stores an answer for all processes that may not be in force yet, and leaves the one that is near where it is. Resolves
   * with whether that worked.
   */
  async prepare(key: string, entry: Entry): Promise<boolean> {
    try {
      await withDeadline(this.cache.set(key, entry), this.options.deadline);
      this.statistics.stores += 1;
      return true;
    } catch (error) {
      this.complain('store', error);
      return false;
    }
  }

  private async remove(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    for (const key of keys) this.near.delete(key);
    try {
      await withDeadline(this.cache.mdel([...keys]), this.options.deadline);
    } catch (error) {
      this.complain('remove', error);
    }
  }

  private complain(what: string, error: unknown): void {
    this.statistics.storeFailures += 1;
    this.logger.warn(`could not ${what} an entry: ${error instanceof Error ? error.message : String(error)}`);
  }
}
