import { createCache, type CreateCacheOptions } from 'cache-manager';
import { CacheEvents, CACHE_DEFAULTS, type Backplane, type CacheOptions } from '@mes/cache';
import { EntryStore } from '../../libs/cache/src/entries/entry-store.js';
import { L1Cache } from '../../libs/cache/src/entries/l1-cache.js';
import { Inspector } from '../../libs/cache/src/read/inspector.js';
import { MonotonicReads } from '../../libs/cache/src/read/monotonic-reads.js';
import { RefreshOnWrite } from '../../libs/cache/src/read/refresh-on-write.js';
import { ResponseCache } from '../../libs/cache/src/read/response-cache.js';
import { TaggedCache } from '../../libs/cache/src/tagged-cache.js';
import { MemoryVersionStore } from '../../libs/cache/src/versions/memory-version-store.js';
import type { VersionStore } from '../../libs/cache/src/versions/version-store.js';
import { CacheWriter } from '../../libs/cache/src/write/cache-writer.js';
import { Refresher } from '../../libs/cache/src/write/refresher.js';
import { recordEvents } from './recorded-events.js';

export interface CachePartsOptions {
  readonly versions?: VersionStore;
  readonly options?: Partial<CacheOptions>;
  readonly backplane?: Backplane;
}

/** The parts of a cache in this process, assembled like in the module, for tests of single parts. */
export function cacheParts({ versions = memoryVersions(), options: changed = {}, backplane }: CachePartsOptions = {}) {
  const options = { ...CACHE_DEFAULTS, ...changed };
  const events = new CacheEvents();
  const l1 = new L1Cache(options);
  const entries = new EntryStore(createCache(stores(options)), l1, options, events);
  const refreshOnWrite = new RefreshOnWrite();
  const reads = new MonotonicReads(versions, options);
  const inspector = new Inspector(versions, options, events, backplane);
  const responses = new ResponseCache(versions, entries, reads, refreshOnWrite, inspector, options, events, backplane);
  const refresher = new Refresher(versions, entries, options, events);
  const writer = new CacheWriter(versions, entries, refreshOnWrite, refresher, reads, options, events, backplane);
  const cache = new TaggedCache(responses, writer);
  return { cache, events: recordEvents(events), l1, entries, inspector, refreshOnWrite, responses, versions, writer };
}

function stores({ entryStore }: CacheOptions): CreateCacheOptions {
  return entryStore ? { stores: [entryStore] } : {};
}

function memoryVersions(): MemoryVersionStore {
  return new MemoryVersionStore(CACHE_DEFAULTS);
}
