// The race that makes cache-aside stale, played on Nest's own interceptor and on this library. See README.md.
import 'reflect-metadata';
import { CACHE_MANAGER, CacheInterceptor, CacheKey, CacheModule as StockCacheModule } from '@nestjs/cache-manager';
import { CachedRoute, CacheModule, TaggedCache } from '@mes/cache';
import { Controller, Get, Inject, Module, UseInterceptors, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Cache } from 'cache-manager';

/** A database with one row, whose next answer can be held back. */
class Database {
  row = 'old';
  private heldBack: Promise<void> | undefined;
  private reached: () => void = () => undefined;

  /** Resolves when a query has read the row. Its answer comes when the returned function is called. */
  async holdBack(query: () => void): Promise<() => void> {
    let letGo!: () => void;
    this.heldBack = new Promise((resolve) => (letGo = resolve));
    const reached = new Promise<void>((resolve) => (this.reached = resolve));
    query();
    await reached;
    return letGo;
  }

  async read(): Promise<{ row: string }> {
    const { row, heldBack } = this;
    this.heldBack = undefined;
    this.reached();
    await heldBack;
    return { row };
  }
}

let database: Database;

@Controller('row')
class StockController {
  constructor(@Inject(CACHE_MANAGER) readonly cache: Cache) {}

  @Get()
  @CacheKey('row')
  @UseInterceptors(CacheInterceptor)
  find(): Promise<unknown> {
    return database.read();
  }

  async write(row: string): Promise<void> {
    database.row = row;
    await this.cache.del('row');
  }
}

@Controller('row')
class TaggedController {
  constructor(private readonly cache: TaggedCache) {}

  @Get()
  @CachedRoute(() => ({ key: 'row', tags: ['row'] }))
  find(): Promise<unknown> {
    return database.read();
  }

  async write(row: string): Promise<void> {
    await this.cache.write({ tags: ['row'], transaction: () => Promise.resolve((database.row = row)) });
  }
}

@Module({ imports: [StockCacheModule.register()], controllers: [StockController] })
class StockModule {}

@Module({ imports: [CacheModule.forRoot()], controllers: [TaggedController] })
class TaggedModule {}

async function race(module: Type, controller: Type<StockController | TaggedController>): Promise<void> {
  database = new Database();
  const adapter =
    process.env.HTTP === 'express'
      ? new (await import('@nestjs/platform-express')).ExpressAdapter()
      : new FastifyAdapter();
  const application: INestApplication = await NestFactory.create(module, adapter, { logger: false });
  await application.listen(0, '127.0.0.1');
  const url = `${await application.getUrl()}/row`;
  const read = async (): Promise<string> => ((await (await fetch(url)).json()) as { row: string }).row;

  let slow: Promise<string> | undefined;
  const letGo = await database.holdBack(() => {
    slow = read();
  });
  console.log('  reader A misses the cache and reads the row: old');
  await application.get(controller).write('new');
  console.log('  writer B changes the row to new, invalidates the cache and is answered');
  letGo();
  console.log(`  reader A stores what it has read, and is given: ${(await slow) ?? ''}`);
  const shown = await read();
  console.log(`  reader C asks after all that, and is given: ${shown}${shown === 'new' ? '' : ', which is stale'}`);
  await application.close();
}

console.log('@nestjs/cache-manager, CacheInterceptor and cache.del():');
await race(StockModule, StockController);
console.log('@mes/cache, @CachedRoute() and cache.write():');
await race(TaggedModule, TaggedController);
