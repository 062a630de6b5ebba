import { CACHE_MANAGER } from '@nestjs/cache-manager';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Cache } from 'cache-manager';
import type { Answer } from '../answers/answer.js';
import { CacheStatistics } from '../answers/cache-statistics.js';
import { CACHE_ASIDE_OPTIONS, type CacheAsideOptions } from '../cache-aside.options.js';
import { withDeadline } from '../flow/deadline.js';

interface Entry extends Answer {
  readonly stamp: string;
}

/**
 * Answers under their keys, each with the stamp of the versions it was loaded under.
 *
 * Storage never fails a request: what cannot be read in time is a miss, and what cannot be stored is not there.
 */
@Injectable()
export class EntryStore {
  /** Where the entries are. */
  readonly kind: 'near' | 'redis';
  private readonly logger = new Logger(EntryStore.name);

  constructor(
    @Inject(CACHE_MANAGER) private readonly cache: Cache,
    @Inject(CACHE_ASIDE_OPTIONS) private readonly options: CacheAsideOptions,
    private readonly statistics: CacheStatistics,
  ) {
    this.kind = options.redisUrl === undefined ? 'near' : 'redis';
  }

  /** The answer stored under `key`, if it was stored under just this stamp. */
  async find(key: string, stamp: string): Promise<Answer | undefined> {
    try {
      const entry = await withDeadline(this.cache.get<Entry>(key), this.options.deadline);
      return entry?.stamp === stamp ? entry : undefined;
    } catch (error) {
      this.complain('read', error);
      return undefined;
    }
  }

  /** Stores the answer under this stamp. Resolves with whether that worked. */
  async save(key: string, stamp: string, answer: Answer): Promise<boolean> {
    try {
      await withDeadline(this.cache.set<Entry>(key, { stamp, ...answer }), this.options.deadline);
      this.statistics.stores += 1;
      return true;
    } catch (error) {
      this.complain('store', error);
      return false;
    }
  }

  private complain(what: string, error: unknown): void {
    this.statistics.storeFailures += 1;
    this.logger.warn(`could not ${what} an entry: ${error instanceof Error ? error.message : String(error)}`);
  }
}
