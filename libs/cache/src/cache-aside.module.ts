import { CacheModule } from '@nestjs/cache-manager';
import {
  Global,
  Module,
  Optional,
  type DynamicModule,
  type FactoryProvider,
  type NestModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { AnswerCache } from './answers/answer-cache.js';
import { MonotonicReads } from './answers/monotonic-reads.js';
import { CacheStatistics } from './answers/cache-statistics.js';
import { CACHE_ASIDE_OPTIONS, type CacheAsideOptions } from './cache-aside.options.js';
import { NoSharedCounters, SharedCounters } from './counters/shared-counters.js';
import { EarlyAnswers } from './early/early-answers.js';
import { EntryStore } from './entries/entry-store.js';
import { memoryEntries } from './entries/memory-entries.js';
import { NearCache } from './entries/near-cache.js';
import { CacheAsideInterceptor } from './interceptors/cache-aside.interceptor.js';
import { IntentSweeper } from './ledger/intent-sweeper.js';
import { Ledger } from './ledger/ledger.js';
import { LoadLeases, NoLeases } from './leases/load-leases.js';
import { MemoryLedger } from './ledger/memory-ledger.js';
import { RedisConnection } from './redis/redis-connection.js';
import { redisEntries } from './redis/redis-entries.js';
import { RedisLedger } from './redis/redis-ledger.js';
import { RedisLoadLeases } from './redis/redis-load-leases.js';
import { RedisSharedCounters } from './redis/redis-shared-counters.js';
import { Backplane } from './writes/backplane.js';
import { CacheWrites } from './writes/cache-writes.js';
import { Refresher } from './writes/refresher.js';
import { WarmAnswers } from './answers/warm-answers.js';

/** How to get the {@link CacheAsideOptions} from other providers. */
export type CacheAsideAsyncOptions = Pick<FactoryProvider<CacheAsideOptions>, 'inject' | 'useFactory'>;

const redisConnection: FactoryProvider<RedisConnection | null> = {
  provide: RedisConnection,
  inject: [CACHE_ASIDE_OPTIONS],
  useFactory: ({ redisUrl, deadline, sweepInterval }: CacheAsideOptions) =>
    redisUrl === undefined
      ? null
      : new RedisConnection({ url: redisUrl, deadline, retryInterval: Math.min(100, sweepInterval) }),
};

const nearCache: FactoryProvider<NearCache> = {
  provide: NearCache,
  inject: [CACHE_ASIDE_OPTIONS],
  useFactory: ({ maxEntryBytes, entryLifetime }: CacheAsideOptions) => new NearCache(maxEntryBytes, entryLifetime),
};

const ledger: FactoryProvider<Ledger> = {
  provide: Ledger,
  inject: [RedisConnection, CACHE_ASIDE_OPTIONS],
  useFactory: (connection: RedisConnection | null, options: CacheAsideOptions) =>
    connection ? new RedisLedger(connection, options) : new MemoryLedger(options),
};

const loadLeases: FactoryProvider<LoadLeases> = {
  provide: LoadLeases,
  inject: [RedisConnection, CACHE_ASIDE_OPTIONS],
  useFactory: (connection: RedisConnection | null, options: CacheAsideOptions) =>
    connection ? new RedisLoadLeases(connection, options) : new NoLeases(),
};

const monotonicReads: FactoryProvider<MonotonicReads> = {
  provide: MonotonicReads,
  inject: [Ledger, CACHE_ASIDE_OPTIONS],
  useFactory: (ledger: Ledger, { writePatience }: CacheAsideOptions) => new MonotonicReads(ledger, writePatience),
};

const sharedCounters: FactoryProvider<SharedCounters> = {
  provide: SharedCounters,
  inject: [RedisConnection, CACHE_ASIDE_OPTIONS],
  useFactory: (connection: RedisConnection | null, options: CacheAsideOptions) =>
    connection ? new RedisSharedCounters(connection, options) : new NoSharedCounters(),
};

/** Options, connection and near cache, apart from the rest because cache-manager's store is made from them. */
@Global()
@Module({})
class CacheConnectionModule {
  static register({ inject, useFactory }: CacheAsideAsyncOptions): DynamicModule {
    const options: FactoryProvider<CacheAsideOptions> = { provide: CACHE_ASIDE_OPTIONS, inject, useFactory };
    return {
      module: CacheConnectionModule,
      providers: [options, redisConnection, nearCache],
      exports: [CACHE_ASIDE_OPTIONS, RedisConnection, NearCache],
    };
  }
}

/**
 * Cache-aside, write-through and eviction for the routes and repositories of an application, over Redis or, without a
 * Redis URL, in this process.
 *
 * @publicApi
 */
@Global()
@Module({})
export class CacheAsideModule implements NestModule, OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly adapter: HttpAdapterHost<FastifyAdapter>,
    private readonly early: EarlyAnswers,
    private readonly ledger: Ledger,
    @Optional() private readonly backplane?: Backplane,
  ) {}

  /** @param options how to get the settings from other global providers */
  static forRootAsync(options: CacheAsideAsyncOptions): DynamicModule {
    return {
      module: CacheAsideModule,
      imports: [
        CacheConnectionModule.register(options),
        CacheModule.registerAsync({
          isGlobal: true,
          inject: [RedisConnection, NearCache, CACHE_ASIDE_OPTIONS],
          useFactory: (connection: RedisConnection | null, near: NearCache, options: CacheAsideOptions) => ({
            stores: connection ? redisEntries(connection.client, options) : memoryEntries(near),
          }),
        }),
      ],
      providers: [
        ledger,
        loadLeases,
        sharedCounters,
        monotonicReads,
        CacheStatistics,
        EntryStore,
        AnswerCache,
        EarlyAnswers,
        WarmAnswers,
        Refresher,
        CacheWrites,
        IntentSweeper,
        CacheAsideInterceptor,
      ],
      exports: [
        Ledger,
        SharedCounters,
        CacheStatistics,
        AnswerCache,
        EarlyAnswers,
        WarmAnswers,
        CacheWrites,
        MonotonicReads,
        CacheAsideInterceptor,
      ],
    };
  }

  /** Nest calls this before it declares the routes. */
  configure(): void {
    this.early.install(this.adapter.httpAdapter.getInstance());
  }

  /** The backplane has been set up by now, which says whether a store may be trusted. */
  async onApplicationBootstrap(): Promise<void> {
    await this.ledger.open(this.backplane);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.ledger.close();
  }
}
