import { randomUUID } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { RedisServer } from '../../../../test/support/redis-server.js';
import { AnswerCache } from '../answers/answer-cache.js';
import type { CacheOutcome } from '../answers/cache-outcome.js';
import type { Question } from '../answers/question.js';
import { toAnswer } from '../answers/to-answer.js';
import { CacheAsideModule } from '../cache-aside.module.js';
import { CACHE_ASIDE_DEFAULTS, type CacheAsideOptions } from '../cache-aside.options.js';

const PAGES = 1_500;

/** As large as a page of orders. */
const PAGE = randomUUID().repeat(500);

const QUEUE: Question = { key: 'orders:all:status=NEW', tags: ['orders'], asker: 'operator' };

describe('an asker of many pages that nobody else asks for', () => {
  let redis: RedisServer;
  let options: CacheAsideOptions;
  const instances: INestApplicationContext[] = [];

  beforeEach(async () => {
    redis = await RedisServer.start({ args: ['--maxmemory', '16mb', '--maxmemory-policy', 'volatile-lru'] });
    options = { ...CACHE_ASIDE_DEFAULTS, redisUrl: redis.url, deadline: 2_000, maxEntryBytes: 16 * 1024 * 1024 };
  });

  afterEach(async () => {
    await Promise.all(instances.splice(0).map((instance) => instance.close()));
    await redis.stop();
  });

  async function start(): Promise<AnswerCache> {
    const module = await Test.createTestingModule({
      imports: [CacheAsideModule.forRootAsync({ useFactory: () => options })],
    }).compile();
    const instance = module.createNestApplication(new FastifyAdapter());
    await instance.init();
    instances.push(instance);
    return instance.get(AnswerCache);
  }

  async function outcomeOf(cache: AnswerCache, question: Question): Promise<CacheOutcome> {
    return (await cache.answer(question, () => Promise.resolve(toAnswer(PAGE)))).outcome;
  }

  it('pushes no page of others out of a small Redis, nor out of the process', async () => {
    const [cache, fresh] = [await start(), await start()];
    await outcomeOf(cache, QUEUE);
    for (let i = 0; i < PAGES; i += 1) {
      const question = { key: `orders:partner:${i}`, tags: ['orders'], asker: 'partner' };
      expect((await outcomeOf(cache, question)).kind).toBe('miss');
    }
    expect(await outcomeOf(cache, QUEUE)).toEqual({ kind: 'hit', store: 'near' });
    expect(await outcomeOf(fresh, QUEUE)).toEqual({ kind: 'hit', store: 'redis' });
    expect(await outcomeOf(cache, { ...QUEUE, key: `orders:partner:${PAGES - 1}` })).toMatchObject({ kind: 'hit' });
  });
});
