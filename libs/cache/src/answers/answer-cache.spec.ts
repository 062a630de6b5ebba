import { createCache } from 'cache-manager';
import { CACHE_ASIDE_DEFAULTS } from '../cache-aside.options.js';
import { EntryStore } from '../entries/entry-store.js';
import { memoryEntries } from '../entries/memory-entries.js';
import { EPOCH, LedgerUnavailableError } from '../ledger/ledger.js';
import { MemoryLedger } from '../ledger/memory-ledger.js';
import { NearCache } from '../entries/near-cache.js';
import { LoadLeases, NoLeases } from '../leases/load-leases.js';
import type { Answer } from './answer.js';
import { AnswerCache } from './answer-cache.js';
import { CacheStatistics } from './cache-statistics.js';
import { toAnswer } from './to-answer.js';
import { WarmAnswers } from './warm-answers.js';

const question = { key: 'list', tags: ['orders'] };

function textOf({ identity }: Answer): string {
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

  readonly load = async (): Promise<Answer> => {
    this.loads += 1;
    const read = this.value;
    await this.gate;
    return toAnswer(read);
  };
}

describe('AnswerCache', () => {
  let ledger: MemoryLedger;
  let statistics: CacheStatistics;
  let cache: AnswerCache;
  let source: GatedSource;
  let near: NearCache;
  let entries: EntryStore;

  function cacheOver(store: EntryStore, leases: LoadLeases = new NoLeases()): AnswerCache {
    return new AnswerCache(ledger, store, leases, new WarmAnswers(), CACHE_ASIDE_DEFAULTS, statistics);
  }

  beforeEach(() => {
    statistics = new CacheStatistics();
    ledger = new MemoryLedger({ intentLifetime: 1_000 });
    near = new NearCache(1e6, 60_000);
    entries = new EntryStore(createCache({ stores: [memoryEntries(near)] }), near, CACHE_ASIDE_DEFAULTS, statistics);
    cache = cacheOver(entries);
    source = new GatedSource();
  });

  async function read(asked = question): Promise<string> {
    const { answer, outcome } = await cache.answer(asked, source.load);
    const what = outcome.kind === 'miss' && outcome.collapsed ? 'collapsed' : outcome.kind;
    return `${what}: ${textOf(answer)}`;
  }

  async function write(value: string): Promise<void> {
    source.value = value;
    await ledger.evict(question.tags);
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
      await ledger.evict([tag]);
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
    expect(statistics.observations).toBeLessThanOrEqual(2);
  });

  it('passes errors of the source on and does not store them', async () => {
    await expect(cache.answer(question, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await read()).toBe('miss: old');
  });

  it('answers what it loaded even if it cannot be stored', async () => {
    const broken = createCache({ stores: [memoryEntries(near)] });
    broken.set = () => Promise.reject(new Error('full'));
    const store = new EntryStore(broken, near, CACHE_ASIDE_DEFAULTS, statistics);
    const { answer, outcome } = await cacheOver(store).answer(question, source.load);
    expect(textOf(answer)).toBe('old');
    expect(outcome).toEqual({ kind: 'miss', stored: false, collapsed: false });
  });

  describe('without its ledger', () => {
    beforeEach(() => {
      ledger.observe = () => Promise.reject(new LedgerUnavailableError('redis-away'));
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
