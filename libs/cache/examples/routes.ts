// A dictionary whose entries are cached by route. A change of a word invalidates that word and nothing else.
import 'reflect-metadata';
import { CachedRoute, CacheModule, TaggedCache } from '@mes/cache';
import { Body, Controller, Get, Module, NotFoundException, Param, Put } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';

const meanings = new Map([['ring', 'a circle']]);

interface WordRequest {
  readonly params: { readonly word: string };
}

@Controller('words')
class WordsController {
  constructor(private readonly cache: TaggedCache) {}

  @Get(':word')
  @CachedRoute(({ params: { word } }: WordRequest) => ({ key: `word:${word}`, tags: [`word:${word}`] }))
  find(@Param('word') word: string): { word: string; meaning: string } {
    const meaning = meanings.get(word);
    if (meaning === undefined) throw new NotFoundException();
    return { word, meaning };
  }

  @Put(':word')
  async change(@Param('word') word: string, @Body() { meaning }: { meaning: string }): Promise<void> {
    await this.cache.write({
      tags: [`word:${word}`],
      transaction: () => Promise.resolve(meanings.set(word, meaning)),
    });
  }
}

@Module({
  imports: [CacheModule.forRoot({ redisUrl: process.env.REDIS_URL })],
  controllers: [WordsController],
})
class DictionaryModule {}

const application = await NestFactory.create<NestFastifyApplication>(DictionaryModule, new FastifyAdapter(), {
  logger: false,
});
application.enableShutdownHooks();
await application.listen(process.env.PORT ?? 0, '127.0.0.1');
console.log(await application.getUrl());
