import { Logger } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { eventually } from '../../../../test/support/eventually.js';
import { redisCommand } from '../../../../test/support/redis-command.js';
import { RedisServer } from '../../../../test/support/redis-server.js';
import { CacheHealth } from '../cache.health.js';
import { CacheModule } from '../cache.module.js';

describe('the eviction policy of Redis', () => {
  let server: RedisServer;
  let module: TestingModule;
  let lines: string[];

  afterEach(async () => {
    await module.close();
    await server.stop();
    Logger.overrideLogger(false);
  });

  async function start(policy: string, url = (): string => server.url): Promise<CacheHealth> {
    server = await RedisServer.start({ args: ['--maxmemory-policy', policy] });
    await redisCommand({ url: server.url }, 'ACL', 'SETUSER', 'plain', 'on', '>word', '~*', '+@all', '-config');
    lines = [];
    module = await Test.createTestingModule({
      imports: [CacheModule.forRoot({ redisUrl: url(), deadline: 10_000 })],
    }).compile();
    // Later than the logger of the testing module.
    Logger.overrideLogger({
      log: () => undefined,
      error: () => undefined,
      warn: (line: unknown) => lines.push(String(line)),
    });
    await module.init();
    return module.get(CacheHealth);
  }

  it.each(['allkeys-lru', 'allkeys-lfu', 'allkeys-random'])(
    'is said, once, if pending writes may be evicted: %s',
    async (policy) => {
      const health = await start(policy, () => `redis://plain:word@127.0.0.1:${server.port}`);
      await eventually(() => health.problem?.kind === 'eviction-policy');
      expect(health.trusted).toBe(true);
      expect(health.problem?.message).toContain(`maxmemory-policy is ${policy}`);
      expect(health.problem?.message).toContain('set it to volatile-lru');
      expect(lines).toEqual([expect.stringContaining(policy)]);
    },
  );

  it('is asked for again when Redis comes back', async () => {
    const health = await start('noeviction');
    await eventually(() => health.trusted);
    await server.kill();
    await eventually(() => health.problem?.kind === 'unreachable');
    await server.restart();
    await redisCommand({ url: server.url }, 'CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    await eventually(() => health.problem?.kind === 'eviction-policy');
  });

  it.each(['volatile-lru', 'noeviction'])('is no problem if pending writes are kept: %s', async (policy) => {
    const health = await start(policy);
    await eventually(async () => {
      const statistics = await redisCommand<string>({ url: server.url }, 'INFO', 'commandstats');
      return Number(/cmdstat_info:calls=(\d+)/.exec(statistics)?.[1]) > 2;
    });
    await eventually(() => health.trusted && health.problem === undefined);
    expect(lines).toEqual([]);
  });
});
