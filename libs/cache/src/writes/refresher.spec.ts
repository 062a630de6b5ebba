import { createCache } from 'cache-manager';
import { AnswerCache } from '../answers/answer-cache.js';
import { CacheStatistics } from '../answers/cache-statistics.js';
import { toAnswer } from '../answers/to-answer.js';
import { WarmAnswers } from '../answers/warm-answers.js';
import { CACHE_ASIDE_DEFAULTS } from '../cache-aside.options.js';
import { EntryStore } from '../entries/entry-store.js';
import { memoryEntries } from '../entries/memory-entries.js';
import { NearCache } from '../entries/near-cache.js';
import { NoLeases } from '../leases/load-leases.js';
import { LedgerUnavailableError, type ObservedVersions } from '../ledger/ledger.js';
import { MemoryLedger } from '../ledger/memory-ledger.js';
import { CacheWrites } from './cache-writes.js';
import { Refresher } from './refresher.js';

const page = { key: 'page', tags: ['list'] };
const counts = { key: 'counts', tags: ['counts'] };
const changed = ['list', 'counts'];

/** A ledger in which somebody else moves a tag on after every observation. */
class OvertakenLedger extends MemoryLedger {
  overtaken: string | undefined;

  override async provide(tags: readonly string[]): Promise<ObservedVersions> {
    const observed = await super.provide(tags);
    if (this.overtaken !== undefined) await this.evict([this.overtaken]);
    return observed;
  }
}

describe('warm answers', () => {
  let ledger: OvertakenLedger;
  let statistics: CacheStatistics;
  let cache: AnswerCache;
  let writes: CacheWrites;
  let warm: WarmAnswers;
  let value: string;
  let loads: number;
  let gate: Promise<void>;

  beforeEach(() => {
    value = 'old';
    loads = 0;
    gate = Promise.resolve();
    statistics = new CacheStatistics();
    ledger = new OvertakenLedger({ intentLifetime: 1_000 });
    const near = new NearCache(1e6, 60_000);
    const options = { ...CACHE_ASIDE_DEFAULTS, refreshPatience: 100 };
    const entries = new EntryStore(createCache({ stores: [memoryEntries(near)] }), near, options, statistics);
    warm = new WarmAnswers();
    cache = new AnswerCache(ledger, entries, new NoLeases(), warm, options, statistics);
    const refresher = new Refresher(ledger, entries, new NoLeases(), warm, options, statistics);
    writes = new CacheWrites(ledger, entries, refresher, statistics);
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

  function finish(tags: readonly string[] = changed): Promise<void> {
    return writes.finish({ intentId: 'w', changed: tags, isAnnounced: true });
  }

  async function turns(): Promise<void> {
    for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  async function read(question = page): Promise<string> {
    const { answer, outcome } = await cache.answer(question, () => Promise.resolve(toAnswer('from the source')));
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
    await ledger.evict(['list']);
    open();
    await finished;
    expect(loads).toBe(4);
    expect(await read()).toBe('hit: new');
  });

  it('are evicted instead when others are always faster', async () => {
    ledger.overtaken = 'list';
    await finish();
    expect(loads).toBe(6);
    ledger.overtaken = undefined;
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

  it('do not keep a write from being finished while the ledger is away', async () => {
    ledger.provide = () => Promise.reject(new LedgerUnavailableError('redis-away'));
    ledger.settle = () => Promise.reject(new LedgerUnavailableError('redis-away'));
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
