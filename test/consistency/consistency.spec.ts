import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { describeViolations } from './report/describe-violations.js';
import { runUnderLoad, type RunResult } from './run.js';
import { System } from './system/system.js';
import { crowd } from './workload/crowd.js';

/** Enough of them for every rule to be tried. */
const CALLS = 1_500;
const PATIENCE_MS = 300_000;
const LOAD = { name: 'load', clients: 16, seed: 'the same every time' };

/** Answers lie between their load and their store, so that writers overtake readers often. */
const SLOW_STORES = 'test/consistency/preloads/slow-stores.ts';
/** Writers delete what is stored, instead of moving versions. */
const DELETE_AFTER_WRITE = 'test/consistency/preloads/delete-after-write.ts';

describe('several instances, under load', () => {
  let database: TestDatabase;
  let redis: RedisServer;
  let system: System | undefined;

  beforeEach(async () => {
    [database, redis] = await Promise.all([createTestDatabase(), RedisServer.start()]);
  });

  afterEach(async () => {
    await system?.stop();
    system = undefined;
    await redis.stop();
    await database.drop();
  });

  async function run(instances: number, preloads: readonly string[]): Promise<RunResult> {
    // A machine that is busy with tests may let Redis wait for its turn.
    const variant = { preloads, environment: { REDIS_DEADLINE_MS: '2000' } };
    system = await System.start({ databaseUrl: database.url, redisUrl: redis.url, instances, variant });
    const { recorder, floor } = system;
    return runUnderLoad(system, crowd(LOAD, floor), () => eventually(() => recorder.calls.length > CALLS, PATIENCE_MS));
  }

  it(
    'never show anything stale, never go back, and lose nothing',
    async () => {
      const { violations, checked, exchanges } = await run(3, [SLOW_STORES]);
      expect(describeViolations(violations)).toBe('');
      // It would say nothing of what was not tried.
      expect(checked).toMatchObject({ unknownOutcomes: 0 });
      expect(
        Math.min(checked.writes, checked.pages, checked.walks, checked.counts, checked.comparisons),
      ).toBeGreaterThan(5);
      expect(checked.presences).toBeGreaterThan(500);
      expect(exchanges.filter(({ cache }) => cache === 'hit').length).toBeGreaterThan(50);
    },
    PATIENCE_MS,
  );

  it(
    'would show what is stale if writers only deleted what is stored, as is usual',
    async () => {
      const { violations } = await run(2, [DELETE_AFTER_WRITE, SLOW_STORES]);
      expect(violations.map(({ rule }) => rule)).toContain('stale');
      expect(violations.map(({ rule }) => rule)).not.toContain('lost');
    },
    PATIENCE_MS,
  );
});
