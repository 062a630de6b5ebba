import { CacheModule } from '@nestjs/cache-manager';
import { Global, Module, type DynamicModule, type FactoryProvider, type OnApplicationShutdown } from '@nestjs/common';
import { AnswerCache } from './answers/answer-cache.js';
import { CacheStatistics } from './answers/cache-statistics.js';
import { CACHE_ASIDE_OPTIONS, type CacheAsideOptions } from './cache-aside.options.js';
import { EntryStore } from './entries/entry-store.js';
import { memoryEntries } from './entries/memory-entries.js';
import { CacheAsideInterceptor } from './interceptors/cache-aside.interceptor.js';
import { IntentSweeper } from './ledger/intent-sweeper.js';
import { Ledger } from './ledger/ledger.js';
import { MemoryLedger } from './ledger/memory-ledger.js';
import { RedisConnection } from './redis/redis-connection.js';
import { redisEntries } from './redis/redis-entries.js';
import { RedisLedger, renewEpoch } from './redis/redis-ledger.js';
import { CacheWrites } from './writes/cache-writes.js';

/** How to get the {@link CacheAsideOptions} from other providers. */
export type CacheAsideAsyncOptions = Pick<FactoryProvider<CacheAsideOptions>, 'inject' | 'useFactory'>;

const redisConnection: FactoryProvider<RedisConnection | null> = {
  provide: RedisConnection,
  inject: [CACHE_ASIDE_OPTIONS],
  useFactory: async (options: CacheAsideOptions) => {
    const { redisUrl, deadline, sweepInterval } = options;
    if (redisUrl === undefined) return null;
    const connection = new RedisConnection({
      url: redisUrl,
      deadline,
      retryInterval: Math.min(100, sweepInterval),
      regain: (client) => renewEpoch(client, options),
    });
    await connection.open();
    return connection;
  },
};

const ledger: FactoryProvider<Ledger> = {
  provide: Ledger,
  inject: [RedisConnection, CACHE_ASIDE_OPTIONS],
  useFactory: (connection: RedisConnection | null, options: CacheAsideOptions) =>
    connection ? new RedisLedger(connection, options) : new MemoryLedger(options),
};

/** Options and connection, apart from the rest because cache-manager's store is made from them. */
@Global()
@Module({})
class CacheConnectionModule implements OnApplicationShutdown {
  constructor(private readonly connection: RedisConnection) {}

  static register({ inject, useFactory }: CacheAsideAsyncOptions): DynamicModule {
    const options: FactoryProvider<CacheAsideOptions> = { provide: CACHE_ASIDE_OPTIONS, inject, useFactory };
    return {
      module: CacheConnectionModule,
      providers: [options, redisConnection],
      exports: [CACHE_ASIDE_OPTIONS, RedisConnection],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    // Null without Redis; Nest's injection has no type for that.
    await (this.connection as RedisConnection | null)?.close();
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
export class CacheAsideModule {
  /** @param options how to get the settings from other global providers */
  static forRootAsync(options: CacheAsideAsyncOptions): DynamicModule {
    return {
      module: CacheAsideModule,
      imports: [
        CacheConnectionModule.register(options),
        CacheModule.registerAsync({
          isGlobal: true,
          inject: [RedisConnection, CACHE_ASIDE_OPTIONS],
          useFactory: (
            connection: RedisConnection | null,
            { namespace, entryLifetime, maxEntryBytes }: CacheAsideOptions,
          ) => ({
            stores: connection
              ? redisEntries(connection.client, namespace, entryLifetime)
              : memoryEntries(maxEntryBytes, entryLifetime),
          }),
        }),
      ],
      providers: [ledger, CacheStatistics, EntryStore, AnswerCache, CacheWrites, IntentSweeper, CacheAsideInterceptor],
      exports: [Ledger, CacheStatistics, AnswerCache, CacheWrites, CacheAsideInterceptor],
    };
  }
}
