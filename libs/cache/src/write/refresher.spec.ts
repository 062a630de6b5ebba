import { createCache } from 'cache-manager';
import { ResponseCache } from '../read/response-cache.js';
import { CacheStatistics } from '../cache-statistics.js';
import { toCachedResponse } from '../entries/to-cached-response.js';
import { RefreshOnWrite } from '../read/refresh-on-write.js';
import { CACHE_DEFAULTS } from '../cache.options.js';
import { EntryStore } from '../entries/entry-store.js';
import { memoryStore } from '../entries/memory-store.js';
import { L1Cache } from '../entries/l1-cache.js';
import { NoLeases } from '../read/load-leases.js';
import { VersionStoreUnavailableError, type VersionSnapshot } from '../versions/version-store.js';
import { MemoryVersionStore } from '../versions/memory-version-store.js';
import { CacheWriter } from './cache-writer.js';
import { Refresher } from './refresher.js';

const page = { key: 'page', tags: ['list'] };
const counts = { key: 'counts', tags: ['counts'] };
const changed = ['list', 'counts'];

/** A versionStore in which somebody else moves a tag on after every observation. */
class OvertakenVersionStore extends MemoryVersionStore {
  overtaken: string | undefined;

  override async ensureVersions(tags: readonly string[]): Promise<VersionSnapshot> {
    const observed = await super.ensureVersions(tags);
    if (this.overtaken !== undefined) await this.invalidate([this.overtaken]);
    return observed;
  }
}

describe('warm answers', () => {
  let versionStore: OvertakenVersionStore;
  let statistics: CacheStatistics;
  let cache: ResponseCache;
  let writes: CacheWriter;
  let warm: RefreshOnWrite;
  let value: string;
  let loads: number;
  let gate: Promise<void>;

  beforeEach(() => {
    value = 'old';
    loads = 0;
    gate = Promise.resolve();
    statistics = new CacheStatistics();
    versionStore = new OvertakenVersionStore({ pendingWriteLifetime: 1_000 });
    const near = new L1Cache(1e6, 60_000);
    const options = { ...CACHE_DEFAULTS, refreshTimeout: 100 };
    const entries = new EntryStore(createCache({ stores: [memoryStore(near)] }), near, options, statistics);
    warm = new RefreshOnWrite();
    cache = new ResponseCache(versionStore, entries, new NoLeases(), warm, options, statistics);
    const refresher = new Refresher(versionStore, entries, new NoLeases(), warm, options, statistics);
    writes = new CacheWriter(versionStore, entries, refresher, statistics);
    for (const question of [page, counts]) {
      warm.register(() => ({
        question,
        load: async () => {
          loads += 1;
          const read = value;
          await gate;
          return toCachedResponse(read);
        },
      }));
    }
  });

  function close(): () => void {
    let open!: () => void;
    gate = new Promise((resolve) => (open = resolve));
    return open;
  }

  function finish(tags: readonly string[] = changed): Promise<void> {
    return writes.finish({ writeId: 'w', changed: tags, isAnnounced: true });
  }

  async function turns(): Promise<void> {
    for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  async function read(question = page): Promise<string> {
    const { answer, outcome } = await cache.answer(question, () =>
      Promise.resolve(toCachedResponse('from the source')),
    );
    return `${outcome.kind}: ${JSON.parse(answer.identity.body.toString()) as string}`;
  }

  it('are in force when a write is finished, and everything else with its tags is out', async () => {
    const other = { key: 'other page', tags: ['list'] };
    await read(other);
    expect(await read(other)).toBe('hit: from the source');
    await finish();
    expect(await read(page)).toBe('hit: old');
    expect(await read(counts)).toBe('hit: old');
    expect(await read(other)).toBe('miss: from the source');
  });

  it('are made anew only if the write has changed something that they depend on', async () => {
    await finish(['counts']);
    expect(loads).toBe(1);
    await finish(['something else']);
    expect(loads).toBe(1);
    expect(await read(counts)).toBe('hit: old');
  });

  it('are made anew once for all writers who commit meanwhile, after their commits', async () => {
    const open = close();
    const first = finish();
    await turns();
    value = 'new';
    const others = Array.from({ length: 20 }, () => finish());
    open();
    await Promise.all([first, ...others]);
    expect(loads).toBe(4);
    expect(await read()).toBe('hit: new');
  });

  it('leave in force what was, until they are', async () => {
    await finish();
    const open = close();
    value = 'new';
    const finished = finish();
    await turns();
    expect(await read()).toBe('hit: old');
    open();
    await finished;
    expect(await read()).toBe('hit: new');
  });

  it('are made anew again when somebody else has finished a write meanwhile', async () => {
    const open = close();
    const finished = finish();
    await turns();
    value = 'new';
    await versionStore.invalidate(['list']);
    open();
    await finished;
    expect(loads).toBe(4);
    expect(await read()).toBe('hit: new');
  });

  it('are evicted instead when others are always faster', async () => {
    versionStore.overtaken = 'list';
    await finish();
    expect(loads).toBe(6);
    versionStore.overtaken = undefined;
    expect(await read(page)).toBe('miss: from the source');
    expect(await read(counts)).toBe('hit: old');
  });

  it('are evicted instead when they cannot be loaded, and when that takes too long', async () => {
    await finish();
    value = 'new';
    const open = close();
    await finish();
    expect(await read()).toBe('miss: from the source');
    open();
    warm.register(() => ({ question: page, load: () => Promise.reject(new Error('broken')) }));
    await finish();
    expect(await read()).toBe('miss: from the source');
  });

  it('do not keep a write from being finished while the versionStore is away', async () => {
    versionStore.ensureVersions = () => Promise.reject(new VersionStoreUnavailableError('redis-away'));
    versionStore.complete = () => Promise.reject(new VersionStoreUnavailableError('redis-away'));
    await finish();
    expect(statistics.relayedWrites).toBe(1);
  });

  it('are not made anew for ever if nobody asks for them, and are again once somebody has', async () => {
    for (let i = 0; i < 30; i += 1) await finish(['list']);
    expect(loads).toBe(10);
    expect(await read()).toBe('miss: from the source');
    await finish(['list']);
    expect(loads).toBe(11);
    expect(await read()).toBe('hit: old');
    for (let i = 0; i < 30; i += 1) {
      await read();
      await finish(['list']);
    }
    expect(loads).toBe(41);
  });
});
