import { randomUUID } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { RedisServer } from '../../../../test/support/redis-server.js';
import { ResponseCache } from '../read/response-cache.js';
import type { CacheOutcome, KeyAndTags } from '../read/response-cache.js';
import { toCachedResponse, type CachedResponse } from './cached-response.js';
import { CacheModule } from '../cache.module.js';
import type { CacheOptions } from '../cache.options.js';

const PAGES = 1_500;

/** As large as a page of orders. */
const PAGE = randomUUID().repeat(500);

const QUEUE: KeyAndTags = { key: 'orders:all:status=NEW', tags: ['orders'], asker: 'operator' };

describe('one asker with many pages of its own', () => {
  let redis: RedisServer;
  let options: Partial<CacheOptions>;
  const instances: INestApplicationContext[] = [];

  beforeEach(async () => {
    redis = await RedisServer.start({ args: ['--maxmemory', '16mb', '--maxmemory-policy', 'volatile-lru'] });
    options = { redisUrl: redis.url, deadline: 2_000, l1MaxBytes: 16 * 1024 * 1024 };
  });

  afterEach(async () => {
    await Promise.all(instances.splice(0).map((instance) => instance.close()));
    await redis.stop();
  });

  async function start(): Promise<ResponseCache> {
    const module = await Test.createTestingModule({
      imports: [CacheModule.forRoot(options)],
    }).compile();
    const instance = module.createNestApplication(new FastifyAdapter());
    await instance.init();
    instances.push(instance);
    return instance.get(ResponseCache);
  }

  async function outcomeOf(cache: ResponseCache, question: KeyAndTags): Promise<CacheOutcome> {
    const load = (): Promise<CachedResponse> => Promise.resolve(toCachedResponse(PAGE));
    return (await cache.get(question, load, { compress: false })).outcome;
  }

  it('displaces no page of others, neither from L1 nor from a small Redis', async () => {
    const [cache, fresh] = [await start(), await start()];
    await outcomeOf(cache, QUEUE);
    for (let i = 0; i < PAGES; i += 1) {
      const question = { key: `orders:partner:${i}`, tags: ['orders'], asker: 'partner' };
      expect((await outcomeOf(cache, question)).kind).toBe('miss');
    }
    expect(await outcomeOf(cache, QUEUE)).toEqual({ kind: 'hit', level: 'l1' });
    expect(await outcomeOf(fresh, QUEUE)).toEqual({ kind: 'hit', level: 'l2' });
    expect(await outcomeOf(cache, { ...QUEUE, key: `orders:partner:${PAGES - 1}` })).toMatchObject({ kind: 'hit' });
  });
});
