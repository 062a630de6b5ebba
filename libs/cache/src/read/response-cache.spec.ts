import { createCache } from 'cache-manager';
import { recordEvents } from '../../../../test/support/recorded-events.js';
import { CACHE_DEFAULTS } from '../cache.options.js';
import { EntryStore } from '../entries/entry-store.js';
import { EPOCH, VersionStoreUnavailableError } from '../versions/version-store.js';
import { MemoryVersionStore } from '../versions/memory-version-store.js';
import { L1Cache, l1Store } from '../entries/l1-cache.js';
import { LoadLeases, NoLeases } from './load-leases.js';
import type { CachedResponse } from '../entries/cached-response.js';
import { ResponseCache } from './response-cache.js';
import { CacheEvents } from '../cache.events.js';
import { toCachedResponse } from '../entries/cached-response.js';
import { MonotonicReads } from './monotonic-reads.js';
import { RefreshOnWrite } from './refresh-on-write.js';

const question = { key: 'list', tags: ['orders'] };

function textOf({ identity }: CachedResponse): string {
  return JSON.parse(identity.body.toString()) as string;
}

/** A database of one value, whose reads can be held up between reading and answering. */
class GatedSource {
  value = 'old';
  loads = 0;
  private gate: Promise<void> = Promise.resolve();

  close(): () => void {
    let open!: () => void;
    this.gate = new Promise((resolve) => (open = resolve));
    return open;
  }

  readonly load = async (): Promise<CachedResponse> => {
    this.loads += 1;
    const read = this.value;
    await this.gate;
    return toCachedResponse(read);
  };
}

describe('ResponseCache', () => {
  let versions: MemoryVersionStore;
  let events: CacheEvents;
  let recorded: ReturnType<typeof recordEvents>;
  let cache: ResponseCache;
  let source: GatedSource;
  let near: L1Cache;
  let entries: EntryStore;

  function cacheOver(store: EntryStore, leases: LoadLeases = new NoLeases()): ResponseCache {
    return new ResponseCache(
      versions,
      store,
      leases,
      new MonotonicReads(versions, CACHE_DEFAULTS.pendingWriteTimeout),
      new RefreshOnWrite(),
      CACHE_DEFAULTS,
      events,
    );
  }

  beforeEach(() => {
    events = new CacheEvents();
    recorded = recordEvents(events);
    versions = new MemoryVersionStore({ pendingWriteLifetime: 1_000 });
    near = new L1Cache(1e6, 60_000);
    entries = new EntryStore(createCache({ stores: [l1Store(near)] }), near, CACHE_DEFAULTS, events);
    cache = cacheOver(entries);
    source = new GatedSource();
  });

  async function read(asked = question): Promise<string> {
    const { response, outcome } = await cache.get(asked, source.load);
    const what = outcome.kind === 'miss' && outcome.collapsed ? 'collapsed' : outcome.kind;
    return `${what}: ${textOf(response)}`;
  }

  async function write(value: string): Promise<void> {
    source.value = value;
    await versions.invalidate(question.tags);
  }

  async function turns(): Promise<void> {
    for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  it('loads once and answers from the store from then on', async () => {
    expect(await read()).toBe('miss: old');
    expect(await read()).toBe('hit: old');
    expect(source.loads).toBe(1);
  });

  it('loads anew after any of the tags was evicted, and after a new epoch', async () => {
    const asked = { key: 'two', tags: ['a', 'b'] };
    for (const tag of ['a', 'b', EPOCH]) {
      await read(asked);
      expect(await read(asked)).toBe('hit: old');
      await versions.invalidate([tag]);
      expect(await read(asked)).toBe('miss: old');
    }
  });

  it('never gives out what a reader stored that was overtaken by a writer', async () => {
    const open = source.close();
    const overtaken = read();
    await turns();
    await write('new');
    open();
    expect(await overtaken).toBe('miss: old');
    expect(await read()).toBe('miss: new');
    expect(await read()).toBe('hit: new');
  });

  it('does not let who arrives after a write join a load from before it', async () => {
    const open = source.close();
    const before = read();
    await turns();
    await write('new');
    const after = read();
    await turns();
    open();
    expect(await before).toBe('miss: old');
    expect(await after).toBe('miss: new');
    expect(source.loads).toBe(2);
  });

  it('loads once for a thousand readers of a cold key', async () => {
    const open = source.close();
    const readers = Array.from({ length: 1_000 }, () => read());
    await turns();
    open();
    const outcomes = await Promise.all(readers);
    expect(source.loads).toBe(1);
    expect(outcomes.filter((outcome) => outcome === 'miss: old')).toHaveLength(1);
    expect(
      outcomes.filter((outcome) => outcome !== 'miss: old').every((outcome) => /^(collapsed|hit): old$/.test(outcome)),
    ).toBe(true);
  });

  it('makes at most one observation at a time', async () => {
    await Promise.all(Array.from({ length: 1_000 }, () => read()));
    expect(recorded({ type: 'snapshot' })).toBeLessThanOrEqual(2);
  });

  it('passes errors of the source on and does not store them', async () => {
    await expect(cache.get(question, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await read()).toBe('miss: old');
  });

  it('answers what it loaded even if it cannot be stored', async () => {
    const broken = createCache({ stores: [l1Store(near)] });
    broken.set = () => Promise.reject(new Error('full'));
    const store = new EntryStore(broken, near, CACHE_DEFAULTS, events);
    const { response, outcome } = await cacheOver(store).get(question, source.load);
    expect(textOf(response)).toBe('old');
    expect(outcome).toEqual({ kind: 'miss', stored: false, collapsed: false });
  });

  describe('without its versions', () => {
    beforeEach(() => {
      versions.snapshot = () => Promise.reject(new VersionStoreUnavailableError('redis-away'));
    });

    it('asks the source, says so, and trusts nothing that was stored', async () => {
      expect(await read()).toBe('bypass: old');
      source.value = 'new';
      expect(await read()).toBe('bypass: new');
    });

    it('has one load under way per key, and lets nobody share a load that began before it asked', async () => {
      const open = source.close();
      const early = read();
      await turns();
      source.value = 'new';
      const late = Array.from({ length: 100 }, () => read());
      await turns();
      expect(source.loads).toBe(1);
      open();
      expect(await early).toBe('bypass: old');
      expect(new Set(await Promise.all(late))).toEqual(new Set(['bypass: new']));
      expect(source.loads).toBe(2);
    });
  });
});
