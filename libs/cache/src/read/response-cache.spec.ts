import { Test, type TestingModule } from '@nestjs/testing';
import type { Cache } from 'cache-manager';
import { Keyv } from 'keyv';
import { eventually } from '../../../../test/support/eventually.js';
import { CacheEvents, type CacheEvent } from '../cache.events.js';
import { CacheModule } from '../cache.module.js';
import { CACHE_DEFAULTS } from '../cache.options.js';
import { toCachedResponse, type CachedResponse } from '../entries/cached-response.js';
import { ENTRY_CACHE, EntryStore } from '../entries/entry-store.js';
import { MemoryVersionStore } from '../versions/memory-version-store.js';
import { EPOCH, VersionStoreUnavailableError, type VersionStore } from '../versions/version-store.js';
import { vectorOf } from '../versions/version-vector.js';
import { TaggedCache } from '../tagged-cache.js';
import { RefreshOnWrite } from './refresh-on-write.js';
import { ResponseCache } from './response-cache.js';

/** A store that keeps entries as they are. */
const AS_IT_IS = { serialize: undefined, deserialize: undefined };

const LIST = { key: 'list', tags: ['orders'] };

function textOf({ identity }: CachedResponse): string {
  return JSON.parse(identity.body.toString()) as string;
}

/** A database of one value, whose reads can be held up after they have read it. */
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

/** A version store that notes which leases are held. */
class LeasingVersionStore extends MemoryVersionStore {
  readonly leases = new Set<string>();
  acquired = 0;

  override acquireLease(name = ''): Promise<boolean> {
    this.leases.add(name);
    this.acquired += 1;
    return Promise.resolve(true);
  }

  override async complete(...[writeIds, advances, options]: Parameters<VersionStore['complete']>): Promise<boolean> {
    for (const name of options?.leases ?? []) await this.acquireLease(name);
    return super.complete(writeIds, advances, options);
  }

  override releaseLease(name = ''): Promise<void> {
    this.leases.delete(name);
    return Promise.resolve();
  }
}

describe('ResponseCache', () => {
  let versions: LeasingVersionStore;
  let events: CacheEvent[];
  let cache: ResponseCache;
  let entries: Cache;
  let source: GatedSource;
  let application: TestingModule;

  beforeEach(async () => {
    versions = new LeasingVersionStore({ pendingWriteLifetime: 1_000 });
    const module = await Test.createTestingModule({
      imports: [CacheModule.forRoot({ versionStore: versions, entryStore: new Keyv(AS_IT_IS) })],
    }).compile();
    events = [];
    module.get(CacheEvents).subscribe((event) => events.push(event));
    entries = module.get<Cache>(ENTRY_CACHE);
    cache = module.get(ResponseCache);
    application = module;
    source = new GatedSource();
  });

  async function read(question = LIST): Promise<string> {
    const { response, outcome } = await cache.get(question, source.load);
    const kind = outcome.kind === 'miss' && outcome.collapsed ? 'collapsed' : outcome.kind;
    return `${kind}: ${textOf(response)}`;
  }

  async function write(value: string): Promise<void> {
    source.value = value;
    await versions.invalidate(LIST.tags);
  }

  async function turns(): Promise<void> {
    for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  it('loads once, and answers from the cache from then on', async () => {
    expect(await read()).toBe('miss: old');
    expect(await read()).toBe('hit: old');
    expect(source.loads).toBe(1);
    expect(events).toEqual([
      { type: 'snapshot', reads: 1, milliseconds: expect.any(Number) as number, failed: false },
      { type: 'load' },
      { type: 'store', written: false },
      { type: 'miss', collapsed: false },
      { type: 'snapshot', reads: 1, milliseconds: expect.any(Number) as number, failed: false },
      { type: 'hit', level: 'l1' },
    ]);
  });

  it('loads again after one of the tags was invalidated, and after a new epoch', async () => {
    const question = { key: 'two', tags: ['a', 'b'] };
    for (const tag of ['a', 'b', EPOCH]) {
      await read(question);
      expect(await read(question)).toBe('hit: old');
      await versions.invalidate([tag]);
      expect(await read(question)).toBe('miss: old');
    }
  });

  it('never gives later readers a response that a write has overtaken', async () => {
    const open = source.close();
    const overtaken = read();
    await turns();
    await write('new');
    open();
    expect(await overtaken).toBe('miss: old');
    expect(await read()).toBe('miss: new');
    expect(await read()).toBe('hit: new');
  });

  it('does not let a read join a load that began before the last write', async () => {
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

  it('loads once for a thousand concurrent readers of a missing response', async () => {
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
    expect(events.filter(({ type }) => type === 'load')).toHaveLength(1);
    expect(events.filter((event) => event.type === 'miss' && !event.collapsed)).toHaveLength(1);
  });

  describe.each<[string, () => void]>([
    ['with its version store', () => undefined],
    [
      'without its version store',
      () => (versions.snapshot = () => Promise.reject(new VersionStoreUnavailableError('redis-away'))),
    ],
  ])('%s', (_, prepare) => {
    it('lets nobody wait for what another reader of the same response asks for besides', async () => {
      prepare();
      const slow = new GatedSource();
      const open = slow.close();
      const half = Math.ceil(CACHE_DEFAULTS.maxLoads / 2);
      const greedy = Array.from({ length: half }, (_, i) =>
        cache.get({ key: `slow ${i}`, tags: [], asker: 'olga' }, slow.load),
      );
      await turns();
      const first = cache.get({ ...LIST, asker: 'olga' }, source.load);
      await turns();
      expect({ slow: slow.loads, list: source.loads }).toEqual({ slow: half, list: 0 });
      expect(textOf((await cache.get({ ...LIST, asker: 'otto' }, source.load)).response)).toBe('old');
      expect(textOf((await first).response)).toBe('old');
      open();
      await Promise.all(greedy);
    });
  });

  it('takes at most one snapshot at a time', async () => {
    await Promise.all(Array.from({ length: 1_000 }, () => read()));
    expect(events.filter(({ type }) => type === 'snapshot').length).toBeLessThanOrEqual(2);
  });

  it('passes errors of the source on, and does not store them', async () => {
    await expect(cache.get(LIST, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await read()).toBe('miss: old');
  });

  it('answers with the loaded response even if it cannot be stored', async () => {
    entries.set = () => Promise.reject(new Error('full'));
    const { response, outcome } = await cache.get(LIST, source.load);
    expect(textOf(response)).toBe('old');
    expect(outcome).toEqual({ kind: 'miss', stored: false, collapsed: false });
    expect(events).toContainEqual({ type: 'store-failure' });
  });

  it('waits no longer for another process once this one has the response', async () => {
    versions.acquireLease = () => Promise.resolve(false);
    const vector = vectorOf(LIST.tags, await versions.ensureVersions(LIST.tags));
    const waiting = read();
    await turns();
    application.get(EntryStore).keep(LIST.key, { vector, response: toCachedResponse('kept') });
    expect(await waiting).toBe('hit: kept');
    expect(events).toContainEqual({ type: 'hit', level: 'l1' });
  });

  it('holds no lease of a load that failed, was overtaken or could not be stored', async () => {
    await expect(cache.get(LIST, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect([versions.acquired, versions.leases.size]).toEqual([1, 0]);

    const open = source.close();
    const overtaken = read();
    await eventually(() => source.loads === 1);
    await write('new');
    open();
    await overtaken;
    expect([versions.acquired, versions.leases.size]).toEqual([2, 0]);

    entries.set = () => Promise.reject(new Error('full'));
    await read();
    expect([versions.acquired, versions.leases.size]).toEqual([3, 0]);
  });

  it('holds no lease of a response that a write has refreshed and that could not be stored', async () => {
    application.get(RefreshOnWrite).register(() => ({ ...LIST, load: () => Promise.resolve('refreshed') }));
    entries.set = () => Promise.reject(new Error('full'));
    await application.get(TaggedCache).write({ tags: LIST.tags, transaction: () => Promise.resolve() });
    await eventually(() => versions.leases.size === 0);
    expect(versions.acquired).toBe(1);
  });

  describe('without its version store', () => {
    beforeEach(() => {
      versions.snapshot = () => Promise.reject(new VersionStoreUnavailableError('redis-away'));
    });

    it('asks the source for every read, and trusts nothing that is stored', async () => {
      expect(await read()).toBe('bypass: old');
      source.value = 'new';
      expect(await read()).toBe('bypass: new');
      expect(events.filter(({ type }) => type === 'bypass')).toEqual([
        { type: 'bypass', detail: 'redis-away' },
        { type: 'bypass', detail: 'redis-away' },
      ]);
    });

    it('loads a key once at a time, and lets no read share a load that began before it', async () => {
      const open = source.close();
      const first = read();
      await turns();
      source.value = 'new';
      const later = Array.from({ length: 100 }, () => read());
      await turns();
      expect(source.loads).toBe(1);
      open();
      expect(await first).toBe('bypass: old');
      expect(new Set(await Promise.all(later))).toEqual(new Set(['bypass: new']));
      expect(source.loads).toBe(2);
    });
  });
});
