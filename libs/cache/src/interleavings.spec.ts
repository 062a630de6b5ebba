import { createCache, type Cache } from 'cache-manager';
import * as fc from 'fast-check';
import { Keyv } from 'keyv';
import { AnswerCache } from './answers/answer-cache.js';
import type { Question } from './answers/question.js';
import { CacheStatistics } from './answers/cache-statistics.js';
import { toAnswer } from './answers/to-answer.js';
import { CACHE_ASIDE_DEFAULTS } from './cache-aside.options.js';
import { EntryStore } from './entries/entry-store.js';
import { packEntry, unpackEntry, type Entry } from './entries/entry.js';
import { NearCache } from './entries/near-cache.js';
import { LoadLeases } from './leases/load-leases.js';
import type { Flip, Intent, ObservedVersions } from './ledger/ledger.js';
import { MemoryLedger } from './ledger/memory-ledger.js';
import { CacheWrites } from './writes/cache-writes.js';
import { Refresher } from './writes/refresher.js';
import { WarmAnswers } from './answers/warm-answers.js';

/*
 * Creators, takers and readers at once, through two instances that share a ledger, a store and a database, in random
 * interleavings: before and after everything that would go over a network, each of them may be overtaken by the others.
 */

const CREATED = 1;
const TAKEN = 2;

type Pause = () => Promise<void>;

/** A database of orders that are created once and taken once. */
class Orders {
  readonly committed = new Map<string, number>();
  /** What the callers of the writes were told. */
  readonly acknowledged = new Map<string, number>();
  acknowledgedCreations = 0;

  constructor(private readonly pause: Pause) {}

  async commit(id: string, status: number): Promise<void> {
    await this.pause();
    this.committed.set(id, status);
    await this.pause();
  }

  async read<T>(question: (orders: ReadonlyMap<string, number>) => T): Promise<T> {
    await this.pause();
    const result = question(this.committed);
    await this.pause();
    return result;
  }
}

class DistantLedger extends MemoryLedger {
  constructor(private readonly pause: Pause) {
    super({ intentLifetime: 60_000 });
  }

  override async observe(tags: readonly string[]): Promise<ObservedVersions> {
    await this.pause();
    const observed = await super.observe(tags);
    await this.pause();
    return observed;
  }

  override async announce(intent: Intent, tags: readonly string[] = []): Promise<ObservedVersions> {
    await this.pause();
    return super.announce(intent, tags);
  }

  override async settle(intentIds: readonly string[], flips: readonly Flip[]): Promise<boolean> {
    await this.pause();
    const settled = await super.settle(intentIds, flips);
    await this.pause();
    return settled;
  }
}

class DistantLeases extends LoadLeases {
  private readonly held = new Set<string>();

  constructor(private readonly pause: Pause) {
    super();
  }

  override async acquire(name: string): Promise<boolean> {
    await this.pause();
    if (this.held.has(name)) return false;
    this.held.add(name);
    return true;
  }

  override async release(name: string): Promise<void> {
    await this.pause();
    this.held.delete(name);
  }
}

function distantStore(pause: Pause): Cache {
  const packed = new Map<string, string>();
  const store = {
    get: async (key: string) => {
      await pause();
      const found = packed.get(key);
      return found && { value: unpackEntry(found) };
    },
    set: async (key: string, { value }: { value: Entry }) => {
      await pause();
      packed.set(key, packEntry(value));
    },
    delete: (key: string) => packed.delete(key),
    clear: () => {
      packed.clear();
    },
  };
  const keyv = new Keyv({ store, useKeyPrefix: false });
  keyv.serialize = undefined;
  keyv.deserialize = undefined;
  return createCache({ stores: [keyv] });
}

const PAGE: Question = { key: 'page', tags: ['orders:new'] };
const COUNT: Question = { key: 'count', tags: ['orders:count'] };

function questionOf(id: string): Question {
  return { key: `order:${id}`, tags: [`order:${id}`] };
}

class Instance {
  readonly statistics = new CacheStatistics();
  private readonly cache: AnswerCache;
  private readonly writes: CacheWrites;

  constructor(
    private readonly orders: Orders,
    ledger: MemoryLedger,
    leases: LoadLeases,
    store: Cache,
  ) {
    const options = { ...CACHE_ASIDE_DEFAULTS, redisUrl: 'redis://shared', deadline: 10_000, refreshPatience: 10_000 };
    const entries = new EntryStore(store, new NearCache(1e6, 60_000), options, this.statistics);
    const warm = new WarmAnswers();
    this.cache = new AnswerCache(ledger, entries, leases, warm, options, this.statistics);
    this.writes = new CacheWrites(
      ledger,
      entries,
      new Refresher(ledger, entries, leases, warm, options, this.statistics),
      this.statistics,
    );
    warm.register(() => ({ question: PAGE, load: async () => toAnswer(await orders.read(newOrders)) }));
    warm.register(() => ({ question: COUNT, load: async () => toAnswer(await orders.read(count)) }));
  }

  async create(id: string): Promise<void> {
    const tag = `order:${id}`;
    const observed = await this.writes.announce({ id: `create ${id}`, tags: ['orders:new', 'orders:count', tag] }, [
      tag,
    ]);
    await this.orders.commit(id, CREATED);
    await this.writes.finish({
      intentId: `create ${id}`,
      changed: ['orders:new', 'orders:count'],
      made: { tag, keys: [questionOf(id).key], answer: toAnswer(CREATED), observed },
    });
    this.orders.acknowledgedCreations += 1;
    this.orders.acknowledged.set(id, Math.max(CREATED, this.orders.acknowledged.get(id) ?? 0));
  }

  /** Whoever takes an order may have learnt of it before its creation was acknowledged. */
  async take(id: string): Promise<void> {
    const tags = ['orders:new', `order:${id}`];
    await this.writes.announce({ id: `take ${id}`, tags });
    await this.orders.commit(id, TAKEN);
    await this.writes.finish({ intentId: `take ${id}`, changed: tags });
    this.orders.acknowledged.set(id, TAKEN);
  }

  async ask<T>(question: Question, load: (orders: ReadonlyMap<string, number>) => T): Promise<T> {
    const { answer } = await this.cache.answer(question, async () => toAnswer((await this.orders.read(load)) ?? null));
    return JSON.parse(answer.identity.body.toString()) as T;
  }
}

function newOrders(orders: ReadonlyMap<string, number>): string[] {
  return [...orders].filter(([, status]) => status === CREATED).map(([id]) => id);
}

function count(orders: ReadonlyMap<string, number>): number {
  return orders.size;
}

/** Complaints about answers that are older than what was acknowledged before they were asked for. */
async function readerOf(
  instance: Instance,
  orders: Orders,
  id: string,
  complain: (what: string) => void,
): Promise<void> {
  const before = new Map(orders.acknowledged);
  const { acknowledgedCreations } = orders;
  const [page, total, order] = await Promise.all([
    instance.ask(PAGE, newOrders),
    instance.ask(COUNT, count),
    instance.ask(questionOf(id), (all) => all.get(id)),
  ]);
  for (const [known, status] of before) {
    if (status === TAKEN && page.includes(known)) complain(`${known} is taken, and still listed as new`);
    const isTaken = orders.committed.get(known) === TAKEN;
    if (status === CREATED && !page.includes(known) && !isTaken) complain(`${known} is new, and not listed`);
  }
  if (total < acknowledgedCreations) complain(`${total} counted of at least ${acknowledgedCreations}`);
  if ((order ?? 0) < (before.get(id) ?? 0)) complain(`${id} is shown with status ${String(order)}`);
}

describe('creators, takers and readers in any interleaving', () => {
  it('never see anything older than what was acknowledged before they asked', async () => {
    let hits = 0;
    let misses = 0;
    const actor = fc.record({
      kind: fc.constantFrom('create', 'take', 'read', 'read', 'read'),
      instance: fc.nat(1),
      order: fc.nat(3),
      starts: fc.nat(40),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(actor, { minLength: 8, maxLength: 24 }),
        fc.infiniteStream(fc.nat(4)),
        async (actors, pauses) => {
          const pause: Pause = async () => {
            const turns = pauses.next().value as number;
            for (let i = 0; i < turns; i += 1) await new Promise((resolve) => setImmediate(resolve));
          };
          const orders = new Orders(pause);
          const ledger = new DistantLedger(pause);
          const leases = new DistantLeases(pause);
          const store = distantStore(pause);
          const instances = [0, 1].map(() => new Instance(orders, ledger, leases, store)) as [Instance, Instance];
          const complaints: string[] = [];
          const created = new Set<number>();
          const taken = new Set<number>();
          await Promise.all(
            actors.map(async ({ kind, instance: number, order, starts }) => {
              const instance = instances[number as 0 | 1];
              const id = `o${order}`;
              for (let i = 0; i < starts; i += 1) await new Promise((resolve) => setImmediate(resolve));
              if (kind === 'read') await readerOf(instance, orders, id, (what) => complaints.push(what));
              if (kind === 'create' && !created.has(order)) {
                created.add(order);
                await instance.create(id);
              }
              if (kind === 'take' && orders.committed.has(id) && !taken.has(order)) {
                taken.add(order);
                await instance.take(id);
              }
            }),
          );
          // Once all is quiet, both instances show what is true.
          for (const instance of instances) {
            for (const id of orders.committed.keys()) {
              await readerOf(instance, orders, id, (what) => complaints.push(`at last: ${what}`));
            }
          }
          for (const { statistics } of instances) {
            hits += statistics.hits;
            misses += statistics.misses;
          }
          expect(complaints).toEqual([]);
        },
      ),
      { numRuns: 250 },
    );
    expect(hits).toBeGreaterThan(misses);
    expect(misses).toBeGreaterThan(500);
  }, 60_000);
});
