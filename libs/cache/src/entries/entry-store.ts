import { CACHE_MANAGER } from '@nestjs/cache-manager';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Cache } from 'cache-manager';
import type { Answer } from '../answers/answer.js';
import { CacheStatistics } from '../answers/cache-statistics.js';
import { isInForce, type Stamp } from '../answers/stamp.js';
import { CACHE_ASIDE_OPTIONS, type CacheAsideOptions } from '../cache-aside.options.js';
import { withDeadline } from '../flow/deadline.js';
import type { ObservedVersions, Tag } from '../ledger/ledger.js';
import { sizeOf, type Entry } from './entry.js';
import { NearCache } from './near-cache.js';
import { Quotas } from './quotas.js';

/** Part of the bytes of the near cache that what is stored for one asker may take, here and for all processes. */
const ASKERS_SHARE = 1 / 8;

/**
 * Answers under their keys, each with the stamp of the versions it was loaded under: in this process, and beyond it, if
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
    private readonly near: NearCache,
    @Inject(CACHE_ASIDE_OPTIONS) private readonly options: CacheAsideOptions,
    private readonly statistics: CacheStatistics,
  ) {
    this.shared = options.redisUrl !== undefined;
    this.quotas = new Quotas(options.maxEntryBytes * ASKERS_SHARE);
  }

  /** The answer stored in this process under `key`, if it is in force. */
  findNear(key: string, tags: readonly Tag[], versions: ObservedVersions): Answer | undefined {
    const entry = this.near.get(key);
    return entry && isInForce(entry.stamp, tags, versions) ? entry.answer : undefined;
  }

  /** The answer stored for all processes under `key`, if it was stored under just this stamp; from then on it is near. */
  async findShared(key: string, stamp: Stamp): Promise<Answer | undefined> {
    if (!this.shared) return undefined;
    try {
      const entry = await withDeadline(this.cache.get<Entry>(key), this.options.deadline);
      if (entry?.stamp.join() !== stamp.join()) return undefined;
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
