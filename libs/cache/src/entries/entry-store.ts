import { Inject, Injectable } from '@nestjs/common';
import type { Cache } from 'cache-manager';
import { CacheEvents, type RedisOperation } from '../cache.events.js';
import { CACHE_OPTIONS, type CacheOptions } from '../cache.options.js';
import { withDeadline } from '../flow/deadline.js';
import { TroubleLogger } from '../flow/reminder.js';
import type { Tag, VersionSnapshot } from '../versions/version-store.js';
import { isCurrent, type VersionVector } from '../versions/version-vector.js';
import type { CachedResponse } from './cached-response.js';
import { sizeOf, type Entry, type NamedEntry } from './entry.js';
import { L1Cache } from './l1-cache.js';
import { Quotas } from './quotas.js';

/** Injection token of cache-manager's cache that holds L2. The application's own `CACHE_MANAGER` is another one. */
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
  private readonly logger = new TroubleLogger(EntryStore.name);
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
    const entry = await this.onL2('read-entry', () => this.cache.get<NamedEntry>(this.nameOf(key)));
    if (entry?.vector.join() !== vector.join()) return undefined;
    if (entry.key !== key) return undefined;
    this.keep(key, entry);
    return entry.response;
  }

  /** Keeps a current response in this process. */
  keep(key: string, entry: Entry): void {
    this.l1.set(key, entry);
  }

  /**
   * Stores a current response on both levels.
   *
   * @returns whether it was stored
   */
  async save(key: string, entry: Entry, { asker, written = false }: SaveOptions = {}): Promise<boolean> {
    if (this.isShared) this.keep(key, entry);
    const isStored = await this.prepare(key, entry, { written });
    if (asker !== undefined) await this.remove(this.quotas.charge(asker, key, sizeOf(entry, key)));
    return isStored;
  }

  /**
   * Stores a response that may not be current yet. It goes to L2 alone, if there is one, so that L1 keeps its entry.
   *
   * @returns whether it was stored
   */
  async prepare(key: string, entry: Entry, { written = false }: Pick<SaveOptions, 'written'> = {}): Promise<boolean> {
    if (!this.isShared) this.keep(key, entry);
    else if (!(await this.onL2('store-entry', () => this.cache.set(this.nameOf(key), { ...entry, key })))) return false;
    this.events.emit({ type: 'store', written });
    return true;
  }

  private async remove(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.l1.delete(key);
    if (keys.length > 0) await this.onL2('remove-entry', () => this.cache.mdel(keys.map((key) => this.nameOf(key))));
  }

  /** Names an entry for all processes. Builds of different shapes share none. */
  private nameOf(key: string): string {
    return `${this.options.shape}:${key}`;
  }

  /** Undefined if there is no L2, or if it fails or does not answer in time. */
  private async onL2<T>(name: RedisOperation, operation: () => Promise<T>): Promise<T | undefined> {
    if (!this.isShared) return undefined;
    const began = performance.now();
    let failed = true;
    try {
      const result = await withDeadline(operation(), this.options.deadline);
      failed = false;
      return result;
    } catch (error) {
      this.events.emit({ type: 'store-failure' });
      this.logger.trouble(`${name} failed: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    } finally {
      const milliseconds = performance.now() - began;
      if (!this.options.entryStore) this.events.emit({ type: 'operation', name, milliseconds, failed });
    }
  }
}
