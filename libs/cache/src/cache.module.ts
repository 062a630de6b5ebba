import { CACHE_MANAGER, CacheModule as CacheManagerModule } from '@nestjs/cache-manager';
import {
  Global,
  Module,
  Optional,
  type DynamicModule,
  type FactoryProvider,
  type ModuleMetadata,
  type NestModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { CacheEvents } from './cache.events.js';
import { CACHE_OPTIONS, withDefaults, type CacheOptions, type Given } from './cache.options.js';
import { CacheTracer } from './cache.tracer.js';
import { ENTRY_CACHE, EntryStore } from './entries/entry-store.js';
import { L1Cache } from './entries/l1-cache.js';
import { CachedRouteInterceptor } from './http/cached-route.interceptor.js';
import { FastPath } from './http/fast-path.js';
import { Responder } from './http/responder.js';
import { Inspector } from './read/inspector.js';
import { MonotonicReads } from './read/monotonic-reads.js';
import { RefreshOnWrite } from './read/refresh-on-write.js';
import { ResponseCache } from './read/response-cache.js';
import { RedisAccess, RedisConnection } from './redis/redis-connection.js';
import { redisEntries } from './redis/redis-entries.js';
import { RedisVersionStore } from './redis/redis-version-store.js';
import { CacheHealth } from './cache.health.js';
import { TaggedCache } from './tagged-cache.js';
import { Backplane } from './versions/backplane.js';
import { MemoryVersionStore } from './versions/memory-version-store.js';
import { PendingWriteSweeper } from './versions/pending-write-sweeper.js';
import { VersionStore } from './versions/version-store.js';
import { CacheWriter } from './write/cache-writer.js';
import { Refresher } from './write/refresher.js';

/** The settings of the cache, and a version store to use in place of the built-in ones. */
export interface CacheModuleOptions extends CacheOptions {
  /** A version store of one's own, for a deployment without Redis. It must keep the contract of `@mes/cache/testing`. */
  readonly versionStore?: VersionStore | undefined;
}

/** How to get the settings from other providers. Settings that are left out are those of `CACHE_DEFAULTS`. */
export interface CacheModuleAsyncOptions
  extends Pick<ModuleMetadata, 'imports'>, Pick<FactoryProvider<Given<CacheModuleOptions>>, 'inject' | 'useFactory'> {}

const redisConnection: FactoryProvider<RedisConnection | null> = {
  provide: RedisConnection,
  inject: [CACHE_OPTIONS, CacheEvents, { token: CacheTracer, optional: true }],
  useFactory: (options: CacheOptions, events: CacheEvents, tracer?: CacheTracer) =>
    options.redisUrl === undefined && !options.createRedisClient ? null : new RedisConnection(options, events, tracer),
};

const versionStore: FactoryProvider<VersionStore> = {
  provide: VersionStore,
  inject: [RedisConnection, CACHE_OPTIONS, CacheEvents],
  useFactory: (connection: RedisConnection | null, options: CacheModuleOptions, events: CacheEvents) =>
    options.versionStore ??
    (connection ? new RedisVersionStore(connection, options, events) : new MemoryVersionStore(options, events)),
};

/**
 * Gives cache-manager's cache, which holds L2, a token of its own: an application's `CACHE_MANAGER` stays its own. It is made from
 * providers of {@link CacheModule}, which is global.
 */
@Module({
  imports: [
    CacheManagerModule.registerAsync({
      inject: [RedisConnection, CACHE_OPTIONS],
      useFactory: (connection: RedisConnection | null, options: CacheOptions) => ({
        stores: options.entryStore ?? (connection ? redisEntries(connection.client, options) : undefined),
      }),
    }),
  ],
  providers: [{ provide: ENTRY_CACHE, useExisting: CACHE_MANAGER }],
  exports: [ENTRY_CACHE],
})
class EntryCacheModule {}

/**
 * Cache-aside, write-through and invalidation by tags for the routes and providers of an application: over Redis, or in this
 * process.
 *
 * @publicApi
 */
@Global()
@Module({})
export class CacheModule implements NestModule, OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly fastPath: FastPath,
    private readonly versions: VersionStore,
    private readonly writer: CacheWriter,
    modules: ModulesContainer,
    @Optional() private readonly backplane?: Backplane,
  ) {
    const own = [...modules.values()].filter(({ metatype }) => metatype === CacheModule);
    if (own.length > 1) throw new Error('CacheModule is global: import it once, in the root module');
  }

  /**
   * The cache of an application, which imports it once, in its root module.
   *
   * @param options that differ from `CACHE_DEFAULTS`
   * @throws {RangeError} at the start, if a number is none that can be used
   * @throws {Error} at the start, if the URL of Redis cannot be read
   */
  static forRoot(options: Given<CacheModuleOptions> = {}): DynamicModule {
    return CacheModule.forRootAsync({ useFactory: () => options });
  }

  /**
   * The same with settings from other providers.
   *
   * @param options `imports` are the modules of these providers, and of a `Backplane`, `FastPathAdmission`, `FastPathObserver` or
   *   `CacheTracer`, unless those modules are global
   */
  static forRootAsync({ imports = [], inject = [], useFactory }: CacheModuleAsyncOptions): DynamicModule {
    const options: FactoryProvider<CacheModuleOptions> = {
      provide: CACHE_OPTIONS,
      inject,
      useFactory: async (...given: unknown[]) => withDefaults(await useFactory(...given)),
    };
    return {
      module: CacheModule,
      imports: [...imports, EntryCacheModule],
      providers: [
        options,
        CacheEvents,
        redisConnection,
        versionStore,
        { provide: RedisAccess, useExisting: RedisConnection },
        MonotonicReads,
        L1Cache,
        EntryStore,
        Inspector,
        ResponseCache,
        RefreshOnWrite,
        Refresher,
        CacheWriter,
        TaggedCache,
        Responder,
        FastPath,
        CachedRouteInterceptor,
        PendingWriteSweeper,
        CacheHealth,
      ],
      exports: [
        CACHE_OPTIONS,
        CacheEvents,
        RedisConnection,
        VersionStore,
        RedisAccess,
        L1Cache,
        MonotonicReads,
        ResponseCache,
        RefreshOnWrite,
        TaggedCache,
        Responder,
        FastPath,
        CachedRouteInterceptor,
        CacheHealth,
      ],
    };
  }

  /** Nest calls this before it declares the routes. */
  configure(): void {
    this.fastPath.install();
  }

  /** The backplane, which admits stores, has been set up by now. */
  async onApplicationBootstrap(): Promise<void> {
    await this.versions.open(this.backplane);
  }

  async onApplicationShutdown(): Promise<void> {
    this.writer.close();
    await this.versions.close();
  }
}
