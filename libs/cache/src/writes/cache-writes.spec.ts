import { createCache } from 'cache-manager';
import { eventually } from '../../../../test/support/eventually.js';
import { AnswerCache } from '../answers/answer-cache.js';
import { CacheStatistics } from '../answers/cache-statistics.js';
import { toAnswer } from '../answers/to-answer.js';
import { CACHE_ASIDE_DEFAULTS } from '../cache-aside.options.js';
import { EntryStore } from '../entries/entry-store.js';
import { NearCache } from '../entries/near-cache.js';
import { memoryEntries } from '../entries/memory-entries.js';
import { EPOCH, LedgerUnavailableError } from '../ledger/ledger.js';
import { MemoryLedger } from '../ledger/memory-ledger.js';
import { NoLeases } from '../leases/load-leases.js';
import { CacheWrites } from './cache-writes.js';
import { Backplane, CutOffError, EvictionNotRelayedError } from './backplane.js';
import { Refresher } from './refresher.js';
import { WarmAnswers } from '../answers/warm-answers.js';

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
const intent = { id: 'write', tags: ['order:7', 'list'] };

describe('CacheWrites', () => {
  let now: number;
  let ledger: MemoryLedger;
  let cache: AnswerCache;
  let writes: CacheWrites;
  let statistics: CacheStatistics;
  let entries: EntryStore;
  let warm: WarmAnswers;

  beforeEach(() => {
    now = 0;
    statistics = new CacheStatistics();
    ledger = new MemoryLedger({ intentLifetime: 1_000, now: () => now });
    const near = new NearCache(1e6, 60_000);
    entries = new EntryStore(createCache({ stores: [memoryEntries(near)] }), near, CACHE_ASIDE_DEFAULTS, statistics);
    warm = new WarmAnswers();
    cache = new AnswerCache(ledger, entries, new NoLeases(), warm, CACHE_ASIDE_DEFAULTS, statistics);
    writes = writesWith();
  });

  function writesWith(backplane?: Backplane): CacheWrites {
    const refresher = new Refresher(
      ledger,
      entries,
      new NoLeases(),
      warm,
      { ...CACHE_ASIDE_DEFAULTS, refreshPatience: 50 },
      statistics,
    );
    return new CacheWrites(ledger, entries, refresher, statistics, backplane);
  }

  async function read(): Promise<string> {
    const { answer, outcome } = await cache.answer(question, () => Promise.resolve(toAnswer('from the source')));
    return `${outcome.kind}: ${JSON.parse(answer.identity.body.toString()) as string}`;
  }

  async function create(beforeSettling: () => Promise<unknown> = () => Promise.resolve()): Promise<void> {
    const { store, observed } = await writes.announce(intent, ['order:7']);
    await beforeSettling();
    await writes.finish({
      intentId: 'write',
      changed: ['list'],
      made: { tag: 'order:7', keys: [question.key], answer: toAnswer('written through'), observed },
      isAnnounced: store !== undefined,
    });
  }

  it('brings what was written through into force', async () => {
    await create();
    expect(await read()).toBe('hit: written through');
  });

  it('evicts the other tags of the write in the same step', async () => {
    const before = (await ledger.observe(['list'])).get('list');
    await create();
    expect((await ledger.observe(['list'])).get('list')).not.toBe(before);
  });

  it('leaves the last word to whoever changed the order between its commit and the end of its creation', async () => {
    await create(() => ledger.evict(['order:7']));
    expect(await read()).toBe('miss: from the source');
  });

  it('brings nothing into force when a new epoch began meanwhile', async () => {
    await create(() => ledger.evict([EPOCH]));
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

  it('leaves nothing to sweep once a write is finished or withdrawn', async () => {
    await create();
    await writes.announce(intent);
    await writes.withdraw('write');
    now += 1_000;
    expect(await ledger.sweep()).toEqual([]);
  });

  it('evicts at once what a write touches of which nobody knows whether it happened, and again at its deadline', async () => {
    await create();
    await writes.announce(intent);
    await writes.evict(intent.tags);
    expect(await read()).toBe('miss: from the source');
    now += 1_000;
    expect(await ledger.sweep()).toEqual(intent.tags);
  });

  it('leaves it to the sweeper to finish for a writer that died', async () => {
    expect(await read()).toBe('miss: from the source');
    await writes.announce(intent);
    now += 1_000;
    await ledger.sweep();
    expect(await read()).toBe('miss: from the source');
  });

  describe('when the ledger is away', () => {
    const away = (): Promise<never> => Promise.reject(new LedgerUnavailableError('redis-away'));
    let relayed: (readonly string[])[];

    beforeEach(() => {
      relayed = [];
    });

    it('does not fail a write', async () => {
      Object.assign(ledger, { announce: away, settle: away });
      await create();
      expect(statistics.unannouncedWrites).toBe(1);
      expect(statistics.relayedWrites).toBe(1);
    });

    it.each([
      ['from the beginning', { announce: away, settle: away }],
      ['after the announcement', { settle: away }],
    ])('%s: relays all tags of the write, and waits for that', async (_, methods) => {
      Object.assign(ledger, methods);
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

    it('relays a write that others look for elsewhere, or that was announced too late, although the ledger knows of it', async () => {
      writes = writesWith(
        new TestBackplane((tags) => {
          relayed.push(tags);
          return Promise.resolve();
        }),
      );
      await writes.announce(intent);
      await writes.finish({ intentId: 'write', changed: ['list'], isAnnounced: false });
      expect(relayed).toEqual([['list']]);
    });

    it('refuses a write, before it begins, of which nobody could be told', async () => {
      Object.assign(ledger, { announce: away });
      const backplane = new TestBackplane();
      backplane.isMember = false;
      writes = writesWith(backplane);
      await expect(writes.announce(intent)).rejects.toBeInstanceOf(CutOffError);
    });

    it('does not acknowledge a write that the others could not be told of', async () => {
      Object.assign(ledger, { settle: away });
      writes = writesWith(new TestBackplane(() => Promise.reject(new EvictionNotRelayedError('nobody hears'))));
      await expect(create()).rejects.toBeInstanceOf(EvictionNotRelayedError);
    });
  });
});
