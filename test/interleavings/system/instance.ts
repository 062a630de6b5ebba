import { createCache } from 'cache-manager';
import { CacheEvents } from '../../../libs/cache/src/cache.events.js';
import { toCachedResponse } from '../../../libs/cache/src/entries/cached-response.js';
import { EntryStore } from '../../../libs/cache/src/entries/entry-store.js';
import { L1Cache } from '../../../libs/cache/src/entries/l1-cache.js';
import { Inspector } from '../../../libs/cache/src/read/inspector.js';
import { MonotonicReads } from '../../../libs/cache/src/read/monotonic-reads.js';
import { RefreshOnWrite } from '../../../libs/cache/src/read/refresh-on-write.js';
import { ResponseCache, type KeyAndTags } from '../../../libs/cache/src/read/response-cache.js';
import { PendingWriteSweeper } from '../../../libs/cache/src/versions/pending-write-sweeper.js';
import {
  VersionStoreUnavailableError,
  type VersionStore,
  type Tag,
} from '../../../libs/cache/src/versions/version-store.js';
import { CacheWriter } from '../../../libs/cache/src/write/cache-writer.js';
import { Refresher } from '../../../libs/cache/src/write/refresher.js';
import type { Backend } from './backend.js';
import { EventCounts } from './event-counts.js';
import type { Host } from './host.js';
import type { Orders, OrdersDatabase } from './orders-database.js';
import { count, COUNT, NEW_PAGE, newOrders } from './keys-and-tags.js';
import { SimulatedBackplane, type Listener, type Notifications } from './simulated-backplane.js';
import type { SimulatedLink } from './simulated-client.js';

/** A process of the application: the real cache on a simulated Redis and a simulated database. */
export class Instance implements Listener {
  readonly counts: EventCounts;
  readonly writer: CacheWriter;
  readonly link: SimulatedLink | undefined;
  private readonly versions: VersionStore;
  private readonly cache: ResponseCache;
  private readonly sweeper: PendingWriteSweeper;
  private readonly backplane: SimulatedBackplane;

  constructor(
    readonly host: Host,
    backend: Backend,
    private readonly database: OrdersDatabase,
    notifications: Notifications,
  ) {
    const { versionStore: versions, options } = backend;
    const events = new CacheEvents();
    this.counts = new EventCounts(events);
    const entries = new EntryStore(
      createCache(backend.entries && { stores: [backend.entries] }),
      new L1Cache(options),
      options,
      events,
    );
    const refreshed = new RefreshOnWrite();
    refreshed.register(() => ({ ...NEW_PAGE, load: () => database.read(host, newOrders) }));
    refreshed.register(() => ({ ...COUNT, isAggregate: true, load: () => database.read(host, count) }));
    const monotonicReads = new MonotonicReads(versions, options);
    this.link = backend.link;
    this.versions = versions;
    this.backplane = new SimulatedBackplane(host, notifications);
    const inspector = new Inspector(versions, options, events);
    this.cache = new ResponseCache(versions, entries, monotonicReads, refreshed, inspector, options, events);
    const refresher = new Refresher(versions, entries, options, events);
    this.writer = new CacheWriter(
      versions,
      entries,
      refreshed,
      refresher,
      monotonicReads,
      options,
      events,
      this.backplane,
    );
    this.sweeper = new PendingWriteSweeper(versions, options, events);
    notifications.listen(this);
  }

  async start(): Promise<void> {
    await this.versions.open(this.backplane);
    this.sweeper.onApplicationBootstrap();
  }

  /** Kills the process. */
  kill(): void {
    this.host.kill();
    void this.versions.close();
  }

  /** Whether this instance trusts its version store. */
  get trusts(): boolean {
    return this.versions.available;
  }

  async ask<T>(question: KeyAndTags, load: (orders: Orders) => T): Promise<T> {
    await this.host.step(`is asked for ${question.key}`);
    const { response } = await this.cache.get(question, async () =>
      toCachedResponse(await this.database.read(this.host, load)),
    );
    await this.host.survive();
    return JSON.parse(response.identity.body.toString()) as T;
  }

  async hear(tags: readonly Tag[]): Promise<boolean> {
    try {
      await this.versions.invalidate(tags);
      return true;
    } catch (error) {
      if (error instanceof VersionStoreUnavailableError) return false;
      throw error;
    }
  }
}
