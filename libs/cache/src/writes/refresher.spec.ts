import { createCache } from 'cache-manager';
import { CacheStatistics } from '../answers/cache-statistics.js';
import { AnswerCache } from '../answers/answer-cache.js';
import { toAnswer } from '../answers/to-answer.js';
import { CACHE_ASIDE_DEFAULTS } from '../cache-aside.options.js';
import { EntryStore } from '../entries/entry-store.js';
import { memoryEntries } from '../entries/memory-entries.js';
import { NearCache } from '../entries/near-cache.js';
import { NoLeases } from '../leases/load-leases.js';
import { LedgerUnavailableError } from '../ledger/ledger.js';
import { MemoryLedger } from '../ledger/memory-ledger.js';
import { Refresher } from './refresher.js';
import { WarmAnswers } from './warm-answers.js';

const page = { key: 'page', tags: ['list'] };
const counts = { key: 'counts', tags: ['counts'] };
const TAGS = ['list', 'counts'];

describe('Refresher', () => {
  let ledger: MemoryLedger;
  let statistics: CacheStatistics;
  let cache: AnswerCache;
  let refresher: Refresher;
  let warm: WarmAnswers;
  let value: string;
  let loads: number;
  let gate: Promise<void>;

  beforeEach(() => {
    value = 'old';
    loads = 0;
    gate = Promise.resolve();
    statistics = new CacheStatistics();
    ledger = new MemoryLedger({ intentLifetime: 1_000 });
    const near = new NearCache(1e6, 60_000);
    const options = { ...CACHE_ASIDE_DEFAULTS, refreshPatience: 100 };
    const entries = new EntryStore(createCache({ stores: [memoryEntries(near)] }), near, options, statistics);
    cache = new AnswerCache(ledger, entries, new NoLeases(), options, statistics);
    warm = new WarmAnswers();
    refresher = new Refresher(ledger, entries, warm, options, statistics);
    for (const question of [page, counts]) {
      warm.register(() => ({
        question,
        load: async () => {
          loads += 1;
          const read = value;
          await gate;
          return toAnswer(read);
        },
      }));
    }
  });

  function close(): () => void {
    let open!: () => void;
    gate = new Promise((resolve) => (open = resolve));
    return open;
  }

  async function read(question = page): Promise<string> {
    const { answer, outcome } = await cache.answer(question, () => Promise.resolve(toAnswer('from the source')));
    return `${outcome.kind}: ${JSON.parse(answer.identity.body.toString()) as string}`;
  }

  it('brings all warm answers into force, and puts everything else with their tags out', async () => {
    const other = { key: 'other page', tags: ['list'] };
    await read(other);
    expect(await read(other)).toBe('hit: from the source');
    expect(await refresher.refresh(TAGS)).toBe(true);
    expect(await read(page)).toBe('hit: old');
    expect(await read(counts)).toBe('hit: old');
    expect(await read(other)).toBe('miss: from the source');
  });

  it('is shared by writers who commit while another is under way, and begins after their commits', async () => {
    const open = close();
    const first = refresher.refresh(TAGS);
    value = 'new';
    const others = Array.from({ length: 20 }, () => refresher.refresh(TAGS));
    open();
    expect(await first).toBe(true);
    expect(new Set(await Promise.all(others))).toEqual(new Set([true]));
    expect(loads).toBe(4);
    expect(await read()).toBe('hit: new');
  });

  it('evicts what somebody else has moved on since it began, and nothing else', async () => {
    const open = close();
    const refreshed = refresher.refresh(TAGS);
    await ledger.evict(['list']);
    open();
    expect(await refreshed).toBe(true);
    expect(await read(page)).toBe('miss: from the source');
    expect(await read(counts)).toBe('hit: old');
  });

  it('leaves answers in force that stood before, until the new ones are', async () => {
    await refresher.refresh(TAGS);
    const open = close();
    value = 'new';
    const refreshed = refresher.refresh(TAGS);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await read()).toBe('hit: old');
    open();
    await refreshed;
    expect(await read()).toBe('hit: new');
  });

  it('says that nothing was refreshed when there is nothing warm', async () => {
    expect(await refresher.refresh(['something else'])).toBe(false);
  });

  it('says so when the answers cannot be loaded, when that takes too long, and when the ledger is away', async () => {
    warm.register(() => ({ question: page, load: () => Promise.reject(new Error('broken')) }));
    expect(await refresher.refresh(['list'])).toBe(false);

    const open = close();
    expect(await refresher.refresh(['counts'])).toBe(false);
    open();

    ledger.observe = () => Promise.reject(new LedgerUnavailableError('redis-away'));
    expect(await refresher.refresh(TAGS)).toBe(false);
  });
});
