import { createCache } from 'cache-manager';
import { CacheEvents } from '../../libs/cache/src/cache.events.js';
import { CACHE_DEFAULTS } from '../../libs/cache/src/cache.options.js';
import { toCachedResponse } from '../../libs/cache/src/entries/cached-response.js';
import { EntryStore } from '../../libs/cache/src/entries/entry-store.js';
import { L1Cache } from '../../libs/cache/src/entries/l1-cache.js';
import { Inspector } from '../../libs/cache/src/read/inspector.js';
import { MonotonicReads } from '../../libs/cache/src/read/monotonic-reads.js';
import { RefreshOnWrite } from '../../libs/cache/src/read/refresh-on-write.js';
import { ResponseCache } from '../../libs/cache/src/read/response-cache.js';
import { MemoryVersionStore } from '../../libs/cache/src/versions/memory-version-store.js';
import { CacheWriter } from '../../libs/cache/src/write/cache-writer.js';
import { Refresher } from '../../libs/cache/src/write/refresher.js';
import { eventually } from '../support/eventually.js';

const ORDER = { key: 'order 7', tags: ['order:7'] };

/** A point at which a task waits until the gate is opened. */
class Gate {
  private readonly opened: Promise<void>;
  private isReached = false;
  open!: () => void;

  constructor() {
    this.opened = new Promise((resolve) => (this.open = resolve));
  }

  async pass(): Promise<void> {
    this.isReached = true;
    await this.opened;
  }

  reached(): Promise<true> {
    return eventually(() => this.isReached);
  }
}

/** The state that the instances share: the version store, the entries, and the value in the database. */
class Surroundings {
  readonly versions = new MemoryVersionStore({ pendingWriteLifetime: 60_000 });
  readonly stored = new Map<string, unknown>();
  value = 'old';
  /** The gates at which the next read of an entry and the next store of one wait. */
  beforeGet: Gate | undefined;
  beforeSet: Gate | undefined;
}

class Instance {
  readonly writer: CacheWriter;
  private readonly refreshed = new RefreshOnWrite();
  private readonly cache: ResponseCache;

  constructor(private readonly shared: Surroundings) {
    const options = { ...CACHE_DEFAULTS, redisUrl: 'redis://shared', deadline: 60_000, refreshTimeout: 60_000 };
    const events = new CacheEvents();
    const store = createCache();
    store.get = async <T>(key: string) => {
      const found = shared.stored.get(key) as T | undefined;
      const gate = shared.beforeGet;
      shared.beforeGet = undefined;
      await gate?.pass();
      return found;
    };
    store.set = async <T>(key: string, value: T) => {
      const gate = shared.beforeSet;
      shared.beforeSet = undefined;
      await gate?.pass();
      shared.stored.set(key, value);
      return value;
    };
    const entries = new EntryStore(store, new L1Cache(options), options, events);
    const { versions } = shared;
    const monotonicReads = new MonotonicReads(versions, options);
    const inspector = new Inspector(versions, options, events);
    this.cache = new ResponseCache(versions, entries, monotonicReads, this.refreshed, inspector, options, events);
    const refresher = new Refresher(versions, entries, options, events);
    this.writer = new CacheWriter(versions, entries, this.refreshed, refresher, monotonicReads, options, events);
  }

  /** @param loaded the gate at which the load waits after it has read the database */
  async read(loaded?: Gate): Promise<string> {
    const { response } = await this.cache.get(ORDER, async () => {
      const { value } = this.shared;
      await loaded?.pass();
      return toCachedResponse(value);
    });
    return JSON.parse(response.identity.body.toString()) as string;
  }

  refreshOnWrite(load: () => Promise<string>): void {
    this.refreshed.register(() => ({ ...ORDER, load }));
  }

  write(value: string): Promise<void> {
    return this.writer.write({
      tags: ORDER.tags,
      transaction: () => {
        this.shared.value = value;
        return Promise.resolve();
      },
    });
  }
}

// Races in other caches that led to stale responses, each in the published order of steps.
describe('a published race', () => {
  let shared: Surroundings;
  let a: Instance;
  let b: Instance;

  beforeEach(() => {
    shared = new Surroundings();
    a = new Instance(shared);
    b = new Instance(shared);
  });

  /*
   * The stale set of look-aside caches, which leases prevent: R. Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013,
   * section 3.2.1. The same race in one process: google/guava#1881, trinodb/trino#10512.
   */
  it('is harmless: a write during a load', async () => {
    const loaded = new Gate();
    const reading = a.read(loaded);
    await loaded.reached();
    await b.write('new');
    loaded.open();
    await reading;
    expect([await a.read(), await b.read()]).toEqual(['new', 'new']);
  });

  // ZiggyCreatures/FusionCache#625 for the removal of a key, and #535 for the removal of a tag.
  it('is harmless: invalidating by hand during a load', async () => {
    const loaded = new Gate();
    const reading = a.read(loaded);
    await loaded.reached();
    shared.value = 'new';
    await a.writer.invalidate(ORDER.tags);
    loaded.open();
    await reading;
    expect([await a.read(), await b.read()]).toEqual(['new', 'new']);
  });

  // ben-manes/caffeine#193; for eager refreshes ZiggyCreatures/FusionCache#628.
  it('is harmless: a refresh that finishes after an invalidation', async () => {
    const refreshed = new Gate();
    let refreshes = 0;
    a.refreshOnWrite(async () => {
      const { value } = shared;
      refreshes += 1;
      if (refreshes === 1) await refreshed.pass();
      return value;
    });
    const writing = a.write('newer');
    await refreshed.reached();
    shared.value = 'newest';
    await b.writer.invalidate(ORDER.tags);
    refreshed.open();
    await writing;
    expect([await a.read(), await b.read()]).toEqual(['newest', 'newest']);
  });

  // opensandbox-group/OpenSandbox#1133, in the review: a read after the invalidation joins a load that began before it.
  it('is harmless: a read finds a load that began before the write', async () => {
    const loaded = new Gate();
    const reading = a.read(loaded);
    await loaded.reached();
    await a.write('new');
    expect(await a.read()).toBe('new');
    loaded.open();
    await reading;
  });

  // dust-tt/dust#31576: a load that is in progress fills Redis again after the invalidation.
  it('is harmless: a store after the invalidation', async () => {
    const stored = (shared.beforeSet = new Gate());
    const reading = a.read();
    await stored.reached();
    await b.write('new');
    stored.open();
    await reading;
    expect([await a.read(), await b.read()]).toEqual(['new', 'new']);
  });

  // open-metadata/OpenMetadata#28902: an entry stays in L1 if L1 takes it over from L2 while another process writes.
  it('is harmless: L1 takes over an entry during the invalidation', async () => {
    await b.read();
    const found = (shared.beforeGet = new Gate());
    const reading = a.read();
    await found.reached();
    await b.write('new');
    found.open();
    await reading;
    expect([await a.read(), await b.read()]).toEqual(['new', 'new']);
  });

  // ArcadeData/arcadedb#4925: an earlier load overwrites a later write. See also ben-manes/caffeine#56.
  it('is harmless: two writers refresh at once, and the one that loaded first is slower', async () => {
    const refreshed = new Gate();
    let refreshes = 0;
    a.refreshOnWrite(async () => {
      const { value } = shared;
      refreshes += 1;
      if (refreshes === 1) await refreshed.pass();
      return value;
    });
    b.refreshOnWrite(() => Promise.resolve(shared.value));
    const slower = a.write('newer');
    await refreshed.reached();
    await b.write('newest');
    refreshed.open();
    await slower;
    expect([await a.read(), await b.read()]).toEqual(['newest', 'newest']);
  });

  /*
   * The gap in deleting twice: a load that takes longer than the pause between the deletions is stored after both.
   * https://www.besthub.dev/articles/why-delayed-double-delete-fails-to-ensure-cache-consistency-under-high-concurrency-1da83c5f5868
   */
  it('is harmless: a load that outlasts the second of two deletions', async () => {
    const loaded = new Gate();
    await a.writer.invalidate(ORDER.tags);
    const reading = b.read(loaded);
    await loaded.reached();
    shared.value = 'new';
    await a.writer.invalidate(ORDER.tags);
    await a.writer.invalidate(ORDER.tags);
    loaded.open();
    await reading;
    expect([await a.read(), await b.read()]).toEqual(['new', 'new']);
  });
});
