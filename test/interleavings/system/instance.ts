import { createCache } from 'cache-manager';
import { ResponseCache } from '../../../libs/cache/src/read/response-cache.js';
import { CacheStatistics } from '../../../libs/cache/src/cache-statistics.js';
import type { KeyAndTags } from '../../../libs/cache/src/read/key-and-tags.js';
import { toCachedResponse } from '../../../libs/cache/src/entries/to-cached-response.js';
import { RefreshOnWrite } from '../../../libs/cache/src/read/refresh-on-write.js';
import { EntryStore } from '../../../libs/cache/src/entries/entry-store.js';
import type { L1Cache } from '../../../libs/cache/src/entries/l1-cache.js';
import { PendingWriteSweeper } from '../../../libs/cache/src/versions/pending-write-sweeper.js';
import {
  VersionStoreUnavailableError,
  type VersionStore,
  type Tag,
} from '../../../libs/cache/src/versions/version-store.js';
import { CacheWriter } from '../../../libs/cache/src/write/cache-writer.js';
import { Refresher } from '../../../libs/cache/src/write/refresher.js';
import type { Backend } from './backend.js';
import type { Host } from './host.js';
import type { Orders, OrdersDatabase } from './orders-database.js';
import { count, COUNT, NEW_PAGE, newOrders } from './questions.js';
import { SimulatedBackplane, type Listener, type Notifications } from './simulated-backplane.js';
import type { SimulatedLink } from './simulated-client.js';

/** One process of the application: the cache as it is, over a Redis and a database that are simulated. */
export class Instance implements Listener {
  readonly statistics = new CacheStatistics();
  readonly writes: CacheWriter;
  readonly link: SimulatedLink | undefined;
  private readonly versionStore: VersionStore;
  private readonly cache: ResponseCache;
  private readonly sweeper: PendingWriteSweeper;
  private readonly backplane: SimulatedBackplane;

  constructor(
    readonly host: Host,
    backend: Backend,
    near: L1Cache,
    private readonly database: OrdersDatabase,
    notifications: Notifications,
  ) {
    const { versionStore, leases, options } = backend;
    const { statistics } = this;
    const entries = new EntryStore(createCache({ stores: [backend.entries] }), near, options, statistics);
    const warm = new RefreshOnWrite();
    warm.register(() => ({
      question: NEW_PAGE,
      load: async () => toCachedResponse(await database.read(host, newOrders)),
    }));
    warm.register(() => ({
      question: COUNT,
      summary: true,
      load: async () => toCachedResponse(await database.read(host, count)),
    }));
    this.link = backend.link;
    this.versionStore = versionStore;
    this.cache = new ResponseCache(versionStore, entries, leases, warm, options, statistics);
    const refresher = new Refresher(versionStore, entries, leases, warm, options, statistics);
    this.backplane = new SimulatedBackplane(host, notifications);
    this.writes = new CacheWriter(versionStore, entries, refresher, statistics, this.backplane);
    this.sweeper = new PendingWriteSweeper(versionStore, options, statistics);
    notifications.listen(this);
  }

  async start(): Promise<void> {
    await this.versionStore.open(this.backplane);
    this.sweeper.onApplicationBootstrap();
  }

  /** Its process dies: timers go on in a run, but what they lead to must not. */
  kill(): void {
    this.host.kill();
    void this.versionStore.close();
  }

  /** Whether this instance trusts what is stored. */
  get trusts(): boolean {
    return this.versionStore.available;
  }

  async ask<T>(question: KeyAndTags, load: (orders: Orders) => T): Promise<T> {
    await this.host.step(`is asked for ${question.key}`);
    const { answer } = await this.cache.answer(question, async () =>
      toCachedResponse(await this.database.read(this.host, load)),
    );
    await this.host.survive();
    return JSON.parse(answer.identity.body.toString()) as T;
  }

  async hear(tags: readonly Tag[]): Promise<boolean> {
    try {
      await this.versionStore.invalidateOnBehalf(tags);
      return true;
    } catch (error) {
      if (error instanceof VersionStoreUnavailableError) return false;
      throw error;
    }
  }
}
