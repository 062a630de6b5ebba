import { createCache } from 'cache-manager';
import { eventually } from '../../../../test/support/eventually.js';
import { ResponseCache } from '../read/response-cache.js';
import { CacheStatistics } from '../cache-statistics.js';
import { toCachedResponse } from '../entries/to-cached-response.js';
import { CACHE_DEFAULTS } from '../cache.options.js';
import { EntryStore } from '../entries/entry-store.js';
import { L1Cache } from '../entries/l1-cache.js';
import { memoryStore } from '../entries/memory-store.js';
import { EPOCH, VersionStoreUnavailableError } from '../versions/version-store.js';
import { MemoryVersionStore } from '../versions/memory-version-store.js';
import { NoLeases } from '../read/load-leases.js';
import { CacheWriter } from './cache-writer.js';
import { Backplane, CutOffError, InvalidationNotRelayedError } from '../versions/backplane.js';
import { Refresher } from './refresher.js';
import { RefreshOnWrite } from '../read/refresh-on-write.js';

class TestBackplane extends Backplane {
  readonly mayAnswer = true;
  isMember = true;

  constructor(private readonly onRelay: (tags: readonly string[]) => Promise<void> = () => Promise.resolve()) {
    super();
  }

  override admit(store: string): Promise<string> {
    return Promise.resolve(store);
  }

  override relay(tags: readonly string[]): Promise<void> {
    return this.onRelay(tags);
  }
}

const question = { key: 'order 7', tags: ['order:7'] };
const pendingWrite = { id: 'write', tags: ['order:7', 'list'] };

describe('CacheWriter', () => {
  let now: number;
  let versionStore: MemoryVersionStore;
  let cache: ResponseCache;
  let writes: CacheWriter;
  let statistics: CacheStatistics;
  let entries: EntryStore;
  let warm: RefreshOnWrite;

  beforeEach(() => {
    now = 0;
    statistics = new CacheStatistics();
    versionStore = new MemoryVersionStore({ pendingWriteLifetime: 1_000, now: () => now });
    const near = new L1Cache(1e6, 60_000);
    entries = new EntryStore(createCache({ stores: [memoryStore(near)] }), near, CACHE_DEFAULTS, statistics);
    warm = new RefreshOnWrite();
    cache = new ResponseCache(versionStore, entries, new NoLeases(), warm, CACHE_DEFAULTS, statistics);
    writes = writesWith();
  });

  function writesWith(backplane?: Backplane): CacheWriter {
    const refresher = new Refresher(
      versionStore,
      entries,
      new NoLeases(),
      warm,
      { ...CACHE_DEFAULTS, refreshTimeout: 50 },
      statistics,
    );
    return new CacheWriter(versionStore, entries, refresher, statistics, backplane);
  }

  async function read(): Promise<string> {
    const { answer, outcome } = await cache.answer(question, () =>
      Promise.resolve(toCachedResponse('from the source')),
    );
    return `${outcome.kind}: ${JSON.parse(answer.identity.body.toString()) as string}`;
  }

  async function create(beforeSettling: () => Promise<unknown> = () => Promise.resolve()): Promise<void> {
    const { store, observed } = await writes.begin(pendingWrite, ['order:7']);
    await beforeSettling();
    await writes.finish({
      writeId: 'write',
      changed: ['list'],
      made: { tag: 'order:7', keys: [question.key], answer: toCachedResponse('written through'), observed },
      isAnnounced: store !== undefined,
    });
  }

  it('brings what was written through into force', async () => {
    await create();
    expect(await read()).toBe('hit: written through');
  });

  it('evicts the other tags of the write in the same step', async () => {
    const before = (await versionStore.observe(['list'])).get('list');
    await create();
    expect((await versionStore.observe(['list'])).get('list')).not.toBe(before);
  });

  it('leaves the last word to whoever changed the order between its commit and the end of its creation', async () => {
    await create(() => versionStore.invalidate(['order:7']));
    expect(await read()).toBe('miss: from the source');
  });

  it('brings nothing into force when a new epoch began meanwhile', async () => {
    await create(() => versionStore.invalidate([EPOCH]));
    expect(await read()).toBe('miss: from the source');
  });

  it('replaces what a reader stored between commit and the end of the creation', async () => {
    let reading: Promise<string> | undefined;
    await create(() => {
      reading = read();
      return eventually(() => statistics.loads === 1);
    });
    expect(await reading).toBe('miss: from the source');
    expect(await read()).toBe('hit: written through');
  });

  it('leaves nothing to sweepExpired once a write is finished or withdrawn', async () => {
    await create();
    await writes.begin(pendingWrite);
    await writes.abort('write');
    now += 1_000;
    expect(await versionStore.sweepExpired()).toEqual([]);
  });

  it('evicts at once what a write touches of which nobody knows whether it happened, and again at its deadline', async () => {
    await create();
    await writes.begin(pendingWrite);
    await writes.invalidate(pendingWrite.tags);
    expect(await read()).toBe('miss: from the source');
    now += 1_000;
    expect(await versionStore.sweepExpired()).toEqual(pendingWrite.tags);
  });

  it('leaves it to the sweeper to finish for a writer that died', async () => {
    expect(await read()).toBe('miss: from the source');
    await writes.begin(pendingWrite);
    now += 1_000;
    await versionStore.sweepExpired();
    expect(await read()).toBe('miss: from the source');
  });

  describe('when the versionStore is away', () => {
    const away = (): Promise<never> => Promise.reject(new VersionStoreUnavailableError('redis-away'));
    let relayed: (readonly string[])[];

    beforeEach(() => {
      relayed = [];
    });

    it('does not fail a write', async () => {
      Object.assign(versionStore, { begin: away, complete: away });
      await create();
      expect(statistics.unannouncedWrites).toBe(1);
      expect(statistics.relayedWrites).toBe(1);
    });

    it.each([
      ['from the beginning', { begin: away, complete: away }],
      ['after the announcement', { complete: away }],
    ])('%s: relays all tags of the write, and waits for that', async (_, methods) => {
      Object.assign(versionStore, methods);
      let release!: () => void;
      const gate = new Promise<void>((resolve) => (release = resolve));
      writes = writesWith(
        new TestBackplane(async (tags) => {
          await gate;
          relayed.push(tags);
        }),
      );
      let finished = false;
      const creation = create().then(() => (finished = true));
      await new Promise((resolve) => setImmediate(resolve));
      expect(finished).toBe(false);
      release();
      await creation;
      expect(relayed).toEqual([['list', 'order:7']]);
    });

    it('relays a write that others look for elsewhere, or that was announced too late, although the versionStore knows of it', async () => {
      writes = writesWith(
        new TestBackplane((tags) => {
          relayed.push(tags);
          return Promise.resolve();
        }),
      );
      await writes.begin(pendingWrite);
      await writes.finish({ writeId: 'write', changed: ['list'], isAnnounced: false });
      expect(relayed).toEqual([['list']]);
    });

    it('refuses a write, before it begins, of which nobody could be told', async () => {
      Object.assign(versionStore, { begin: away });
      const backplane = new TestBackplane();
      backplane.isMember = false;
      writes = writesWith(backplane);
      await expect(writes.begin(pendingWrite)).rejects.toBeInstanceOf(CutOffError);
    });

    it('does not acknowledge a write that the others could not be told of', async () => {
      Object.assign(versionStore, { complete: away });
      writes = writesWith(new TestBackplane(() => Promise.reject(new InvalidationNotRelayedError('nobody hears'))));
      await expect(create()).rejects.toBeInstanceOf(InvalidationNotRelayedError);
    });
  });
});
