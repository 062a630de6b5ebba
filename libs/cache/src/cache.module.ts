import { CacheModule as CacheManagerModule } from '@nestjs/cache-manager';
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
import { ResponseCache } from './read/response-cache.js';
import { MonotonicReads } from './read/monotonic-reads.js';
import { CacheStatistics } from './cache-statistics.js';
import { CACHE_OPTIONS, type CacheOptions } from './cache.options.js';
import { NoSharedCounters, SharedCounters } from './counters/shared-counters.js';
import { FastPath } from './http/fast-path.js';
import { EntryStore } from './entries/entry-store.js';
import { memoryStore } from './entries/memory-store.js';
import { L1Cache } from './entries/l1-cache.js';
import { CachedRouteInterceptor } from './http/cached-route.interceptor.js';
import { PendingWriteSweeper } from './versions/pending-write-sweeper.js';
import { VersionStore } from './versions/version-store.js';
import { LoadLeases, NoLeases } from './read/load-leases.js';
import { MemoryVersionStore } from './versions/memory-version-store.js';
import { RedisConnection } from './redis/redis-connection.js';
import { redisEntries } from './redis/redis-entries.js';
import { RedisVersionStore } from './redis/redis-version-store.js';
import { RedisLoadLeases } from './redis/redis-load-leases.js';
import { RedisSharedCounters } from './redis/redis-shared-counters.js';
import { Backplane } from './versions/backplane.js';
import { CacheWriter } from './write/cache-writer.js';
import { Refresher } from './write/refresher.js';
import { RefreshOnWrite } from './read/refresh-on-write.js';

/** How to get the {@link CacheOptions} from other providers. */
export type CacheModuleAsyncOptions = Pick<FactoryProvider<CacheOptions>, 'inject' | 'useFactory'>;

const redisConnection: FactoryProvider<RedisConnection | null> = {
  provide: RedisConnection,
  inject: [CACHE_OPTIONS],
  useFactory: ({ redisUrl, deadline, sweepInterval }: CacheOptions) =>
    redisUrl === undefined
      ? null
      : new RedisConnection({ url: redisUrl, deadline, retryInterval: Math.min(100, sweepInterval) }),
};

const l1Cache: FactoryProvider<L1Cache> = {
  provide: L1Cache,
  inject: [CACHE_OPTIONS],
  useFactory: ({ l1MaxBytes, entryLifetime }: CacheOptions) => new L1Cache(l1MaxBytes, entryLifetime),
};

const versionStore: FactoryProvider<VersionStore> = {
  provide: VersionStore,
  inject: [RedisConnection, CACHE_OPTIONS],
  useFactory: (connection: RedisConnection | null, options: CacheOptions) =>
    connection ? new RedisVersionStore(connection, options) : new MemoryVersionStore(options),
};

const loadLeases: FactoryProvider<LoadLeases> = {
  provide: LoadLeases,
  inject: [RedisConnection, CACHE_OPTIONS],
  useFactory: (connection: RedisConnection | null, options: CacheOptions) =>
    connection ? new RedisLoadLeases(connection, options) : new NoLeases(),
};

const monotonicReads: FactoryProvider<MonotonicReads> = {
  provide: MonotonicReads,
  inject: [VersionStore, CACHE_OPTIONS],
  useFactory: (versionStore: VersionStore, { pendingWriteTimeout }: CacheOptions) =>
    new MonotonicReads(versionStore, pendingWriteTimeout),
};

const sharedCounters: FactoryProvider<SharedCounters> = {
  provide: SharedCounters,
  inject: [RedisConnection, CACHE_OPTIONS],
  useFactory: (connection: RedisConnection | null, options: CacheOptions) =>
    connection ? new RedisSharedCounters(connection, options) : new NoSharedCounters(),
};

/** Options, connection and near cache, apart from the rest because cache-manager's store is made from them. */
@Global()
@Module({})
class CacheConnectionModule {
  static register({ inject, useFactory }: CacheModuleAsyncOptions): DynamicModule {
    const options: FactoryProvider<CacheOptions> = { provide: CACHE_OPTIONS, inject, useFactory };
    return {
      module: CacheConnectionModule,
      providers: [options, redisConnection, l1Cache],
      exports: [CACHE_OPTIONS, RedisConnection, L1Cache],
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
export class CacheModule implements NestModule, OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly adapter: HttpAdapterHost<FastifyAdapter>,
    private readonly early: FastPath,
    private readonly versionStore: VersionStore,
    @Optional() private readonly backplane?: Backplane,
  ) {}

  /** @param options how to get the settings from other global providers */
  static forRootAsync(options: CacheModuleAsyncOptions): DynamicModule {
    return {
      module: CacheModule,
      imports: [
        CacheConnectionModule.register(options),
        CacheManagerModule.registerAsync({
          isGlobal: true,
          inject: [RedisConnection, L1Cache, CACHE_OPTIONS],
          useFactory: (connection: RedisConnection | null, near: L1Cache, options: CacheOptions) => ({
            stores: connection ? redisEntries(connection.client, options) : memoryStore(near),
          }),
        }),
      ],
      providers: [
        versionStore,
        loadLeases,
        sharedCounters,
        monotonicReads,
        CacheStatistics,
        EntryStore,
        ResponseCache,
        FastPath,
        RefreshOnWrite,
        Refresher,
        CacheWriter,
        PendingWriteSweeper,
        CachedRouteInterceptor,
      ],
      exports: [
        VersionStore,
        SharedCounters,
        CacheStatistics,
        ResponseCache,
        FastPath,
        RefreshOnWrite,
        CacheWriter,
        MonotonicReads,
        CachedRouteInterceptor,
      ],
    };
  }

  /** Nest calls this before it declares the routes. */
  configure(): void {
    this.early.install(this.adapter.httpAdapter.getInstance());
  }

  /** The backplane has been set up by now, which says whether a store may be trusted. */
  async onApplicationBootstrap(): Promise<void> {
    await this.versionStore.open(this.backplane);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.versionStore.close();
  }
}
