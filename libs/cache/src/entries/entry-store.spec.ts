import { Test, type TestingModule } from '@nestjs/testing';
import { redisCommand } from '../../../../test/support/redis-command.js';
import { RedisServer } from '../../../../test/support/redis-server.js';
import { CacheModule } from '../cache.module.js';
import { TaggedCache } from '../tagged-cache.js';

describe('an entry in Redis', () => {
  let redis: RedisServer;
  let instances: TestingModule[];

  beforeEach(async () => {
    redis = await RedisServer.start();
    const cache = CacheModule.forRoot({ redisUrl: redis.url, deadline: 5_000 });
    const start = async (): Promise<TestingModule> =>
      (await Test.createTestingModule({ imports: [cache] }).compile()).init();
    instances = [await start(), await start()];
  });

  afterEach(async () => {
    await Promise.all(instances.map((instance) => instance.close()));
    await redis.stop();
  });

  function read(instance: number, key: string): Promise<string | undefined> {
    return (
      instances[instance]
        ?.get(TaggedCache)
        .getOrLoad({ key, tags: ['orders'] }, () => Promise.resolve(`${key} by ${instance}`)) ??
      Promise.resolve(undefined)
    );
  }

  it('is given for its own key alone, whatever Redis says', async () => {
    await read(0, 'mine');
    await read(0, 'theirs');
    expect(await read(1, 'mine')).toBe('mine by 0');
    const keys = await redisCommand<string[]>({ url: redis.url }, 'KEYS', '*entry*');
    const nameOf = (key: string): string => keys.find((name) => name.endsWith(key)) ?? '';
    await redisCommand({ url: redis.url }, 'COPY', nameOf('mine'), nameOf('theirs'), 'REPLACE');
    expect(await read(1, 'theirs')).toBe('theirs by 1');
  });
});
