import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { describeViolations } from './report/describe-violations.js';
import { runUnderLoad, type RunResult } from './run.js';
import { System } from './system/system.js';
import { crowd } from './workload/crowd.js';

/** Enough calls to exercise every rule. */
const CALLS = 1_500;
const PATIENCE_MS = 240_000;
/** Longer than a write may be pending, since a mismatch is only one that is still there after that time. */
const INSPECTION_PATIENCE_MS = 40_000;
const LOAD = { name: 'load', clients: 16, seed: 'the same every time' };

/** A preload that delays each response between its load and its store, so that writers often overtake readers. */
const SLOW_STORES = 'test/consistency/preloads/slow-stores.ts';
/** What an instance logs if an inspection finds a response that is older than the database. */
const MISMATCH = 'A cached response differs from the source';

/** A preload that deletes cached responses after a write instead of advancing tag versions. */
const DELETE_AFTER_WRITE = 'test/consistency/preloads/delete-after-write.ts';

describe('several instances under load', () => {
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
    // Redis may be slow on a machine that is busy with tests.
    const environment = { REDIS_DEADLINE_MS: '10000', CACHE_INSPECTIONS_PER_MINUTE: '600' };
    const variant = { preloads, environment };
    system = await System.start({ databaseUrl: database.url, redisUrl: redis.url, instances, variant });
    const { recorder, floor } = system;
    return runUnderLoad(system, crowd(LOAD, floor), () => eventually(() => recorder.calls.length > CALLS, PATIENCE_MS));
  }

  function outputs(): string {
    return (system?.instances ?? []).map(({ output }) => output).join('\n');
  }

  it('show nothing stale, never go back and lose no write', async () => {
    const { violations, checked, exchanges } = await run(3, [SLOW_STORES]);
    expect(describeViolations(violations)).toBe('');
    // Writes of unknown outcome would weaken the check.
    expect(checked).toMatchObject({ unknownOutcomes: 0 });
    const { writes, pages, walks, counts, totals, comparisons } = checked;
    expect(Math.min(writes, pages, walks, counts, totals, comparisons)).toBeGreaterThan(5);
    expect(checked.presences).toBeGreaterThan(500);
    expect(exchanges.filter(({ cache }) => cache === 'hit').length).toBeGreaterThan(50);
    expect(outputs()).not.toContain(MISMATCH);
  });

  it('show stale data if writers delete cached responses instead of advancing tag versions', async () => {
    const { violations } = await run(2, [DELETE_AFTER_WRITE, SLOW_STORES]);
    expect(violations.map(({ rule }) => rule)).toContain('stale');
    expect(violations.map(({ rule }) => rule)).not.toContain('lost');
    // The inspections of the instances themselves find them as well.
    await eventually(() => outputs().includes(MISMATCH), INSPECTION_PATIENCE_MS);
  });
});
