import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { CACHE_OPTIONS, type CacheOptions } from '../cache.options.js';
import { sizeOf, type Entry } from './entry.js';

/**
 * The first level (L1): entries in this process, as bytes that need only be sent. Their memory is bounded, and the least
 * recently used ones go first. Finding an entry does not make it valid: its versions are compared for every request.
 */
@Injectable()
export class L1Cache extends LRUCache<string, Entry> {
  constructor(@Inject(CACHE_OPTIONS) options: Pick<CacheOptions, 'l1MaxBytes' | 'entryLifetime'>) {
    super({ maxSize: options.l1MaxBytes, ttl: options.entryLifetime, sizeCalculation: sizeOf });
  }
}
