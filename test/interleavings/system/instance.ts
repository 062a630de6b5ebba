import { createCache } from 'cache-manager';
import { AnswerCache } from '../../../libs/cache/src/answers/answer-cache.js';
import { CacheStatistics } from '../../../libs/cache/src/answers/cache-statistics.js';
import type { Question } from '../../../libs/cache/src/answers/question.js';
import { toAnswer } from '../../../libs/cache/src/answers/to-answer.js';
import { WarmAnswers } from '../../../libs/cache/src/answers/warm-answers.js';
import { EntryStore } from '../../../libs/cache/src/entries/entry-store.js';
import type { NearCache } from '../../../libs/cache/src/entries/near-cache.js';
import { IntentSweeper } from '../../../libs/cache/src/ledger/intent-sweeper.js';
import { LedgerUnavailableError, type Ledger, type Tag } from '../../../libs/cache/src/ledger/ledger.js';
import { CacheWrites } from '../../../libs/cache/src/writes/cache-writes.js';
import { Refresher } from '../../../libs/cache/src/writes/refresher.js';
import type { Backend } from './backend.js';
import type { Host } from './host.js';
import type { Orders, OrdersDatabase } from './orders-database.js';
import { count, COUNT, NEW_PAGE, newOrders } from './questions.js';
import { SimulatedBackplane, type Listener, type Notifications } from './simulated-backplane.js';
import type { SimulatedLink } from './simulated-client.js';

/** One process of the application: the cache as it is, over a Redis and a database that are simulated. */
export class Instance implements Listener {
  readonly statistics = new CacheStatistics();
  readonly writes: CacheWrites;
  readonly link: SimulatedLink | undefined;
  private readonly ledger: Ledger;
  private readonly cache: AnswerCache;
  private readonly sweeper: IntentSweeper;
  private readonly backplane: SimulatedBackplane;

  constructor(
    readonly host: Host,
    backend: Backend,
    near: NearCache,
    private readonly database: OrdersDatabase,
    notifications: Notifications,
  ) {
    const { ledger, leases, options } = backend;
    const { statistics } = this;
    const entries = new EntryStore(createCache({ stores: [backend.entries] }), near, options, statistics);
    const warm = new WarmAnswers();
    warm.register(() => ({ question: NEW_PAGE, load: async () => toAnswer(await database.read(host, newOrders)) }));
    warm.register(() => ({
      question: COUNT,
      summary: true,
      load: async () => toAnswer(await database.read(host, count)),
    }));
    this.link = backend.link;
    this.ledger = ledger;
    this.cache = new AnswerCache(ledger, entries, leases, warm, options, statistics);
    const refresher = new Refresher(ledger, entries, leases, warm, options, statistics);
    this.backplane = new SimulatedBackplane(host, notifications);
    this.writes = new CacheWrites(ledger, entries, refresher, statistics, this.backplane);
    this.sweeper = new IntentSweeper(ledger, options, statistics);
    notifications.listen(this);
  }

  async start(): Promise<void> {
    await this.ledger.open(this.backplane);
    this.sweeper.onApplicationBootstrap();
  }

  /** Its process dies: timers go on in a run, but what they lead to must not. */
  kill(): void {
    this.host.kill();
    void this.ledger.close();
  }

  /** Whether this instance trusts what is stored. */
  get trusts(): boolean {
    return this.ledger.available;
  }

  async ask<T>(question: Question, load: (orders: Orders) => T): Promise<T> {
    await this.host.step(`is asked for ${question.key}`);
    const { answer } = await this.cache.answer(question, async () =>
      toAnswer(await this.database.read(this.host, load)),
    );
    await this.host.survive();
    return JSON.parse(answer.identity.body.toString()) as T;
  }

  async hear(tags: readonly Tag[]): Promise<boolean> {
    try {
      await this.ledger.evictOnBehalf(tags);
      return true;
    } catch (error) {
      if (error instanceof LedgerUnavailableError) return false;
      throw error;
    }
  }
}
