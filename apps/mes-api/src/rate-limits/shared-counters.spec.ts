import { randomUUID } from 'node:crypto';
import { CacheModule, RedisAccess } from '@mes/cache';
import { Test, type TestingModule } from '@nestjs/testing';
import { eventually } from '../../../../test/support/eventually.js';
import { SharedCounters } from './shared-counters.js';

const MINUTE = 60_000;

describe('SharedCounters', () => {
  let module: TestingModule;
  let counters: SharedCounters;
  let others: SharedCounters;

  beforeEach(async () => {
    const options = { redisUrl: process.env.TEST_REDIS_URL, namespace: randomUUID(), deadline: 5_000 };
    module = await Test.createTestingModule({ imports: [CacheModule.forRoot(options)] }).compile();
    await module.init();
    const redis = module.get(RedisAccess);
    counters = new SharedCounters(redis, options);
    others = new SharedCounters(redis, options);
  });

  afterEach(() => module.close());

  it('count what all processes add, each name for itself', async () => {
    await counters.add(new Map([['olga', 3]]), MINUTE);
    await others.add(new Map([['olga', 4]]), MINUTE);
    const counts = await counters.add(
      new Map([
        ['olga', 1],
        ['otto', 2],
      ]),
      MINUTE,
    );
    expect(counts?.get('olga')?.total).toBe(8);
    expect(counts?.get('otto')?.total).toBe(2);
  });

  it('end a while after they began, however much is added meanwhile', async () => {
    const endsIn = async (): Promise<number> =>
      (await counters.add(new Map([['olga', 1]]), 300))?.get('olga')?.endsIn ?? 0;
    const first = await endsIn();
    expect(first).toBeLessThanOrEqual(300);
    expect(await eventually(async () => ((await endsIn()) < first ? 'less' : undefined))).toBe('less');
    const counts = await eventually(async () => {
      const count = (await counters.add(new Map([['olga', 1]]), 300))?.get('olga');
      return count?.total === 1 && count;
    });
    expect(counts.endsIn).toBeGreaterThan(200);
  });

  it('may be more than go out together', async () => {
    const additions = new Map(Array.from({ length: 1_201 }, (_, index) => [`caller ${index}`, index + 1]));
    const counts = await counters.add(additions, MINUTE);
    expect(counts?.size).toBe(1_201);
    for (const [name, addition] of additions) expect(counts?.get(name)?.total).toBe(addition);
  });

  it('are not shared without Redis', async () => {
    const alone = new SharedCounters(null, { namespace: randomUUID() });
    expect(await alone.add(new Map([['olga', 1]]), MINUTE)).toBeUndefined();
  });

  it('cannot be told while Redis is away', async () => {
    await module.close();
    expect(await counters.add(new Map([['olga', 1]]), MINUTE)).toBeUndefined();
  });
});
