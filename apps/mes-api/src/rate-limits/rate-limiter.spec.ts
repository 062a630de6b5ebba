import { eventually } from '../../../../test/support/eventually.js';
import { RateLimiter, WINDOW_MS } from './rate-limiter.js';
import type { SharedCount, SharedCounters } from './shared-counters.js';

const ALONE: Pick<SharedCounters, 'add'> = { add: () => Promise.resolve(undefined) };

/** The counters of a Redis that can be taken away. */
class FakeSharedCounters implements Pick<SharedCounters, 'add'> {
  readonly counts = new Map<string, SharedCount>();
  available = true;
  exchanges = 0;

  add(additions: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, SharedCount> | undefined> {
    this.exchanges += 1;
    if (!this.available) return Promise.resolve(undefined);
    const stands = new Map<string, SharedCount>();
    for (const [name, addition] of additions) {
      const count = { total: (this.counts.get(name)?.total ?? 0) + addition, endsIn: WINDOW_MS };
      this.counts.set(name, count);
      stands.set(name, count);
    }
    return Promise.resolve(stands);
  }
}

describe('RateLimiter', () => {
  let now: number;
  let shared: FakeSharedCounters;
  const limiters: RateLimiter[] = [];

  beforeEach(() => {
    now = 0;
    shared = new FakeSharedCounters();
  });

  afterEach(() => {
    for (const limiter of limiters.splice(0)) limiter.onApplicationShutdown();
  });

  function limiterOf(limit: number, counters: Pick<SharedCounters, 'add'> = shared): RateLimiter {
    const limiter = new RateLimiter(counters, { limit, now: () => now });
    limiters.push(limiter);
    return limiter;
  }

  /** How many of so many requests are admitted. */
  function admitted(limiter: RateLimiter, requests: number, caller = 'olga'): number {
    return Array.from({ length: requests }, () => limiter.take(caller)).filter((verdict) => verdict.admitted).length;
  }

  /** Waits until the counts that there are now have been exchanged. */
  async function exchange(): Promise<void> {
    const { exchanges } = shared;
    await eventually(() => shared.exchanges > exchanges);
  }

  it('admits as many requests as the limit allows, of each caller', () => {
    const limiter = limiterOf(3, ALONE);
    expect(admitted(limiter, 10)).toBe(3);
    expect(admitted(limiter, 10, 'otto')).toBe(3);
  });

  it('says how many requests are left, and when counting begins anew', () => {
    const limiter = limiterOf(2, ALONE);
    expect(limiter.take('olga')).toEqual({ admitted: true, remaining: 1, resetsIn: WINDOW_MS });
    now = 20_000;
    expect(limiter.take('olga')).toEqual({ admitted: true, remaining: 0, resetsIn: 40_000 });
    now = 59_999;
    expect(limiter.take('olga')).toEqual({ admitted: false, remaining: 0, resetsIn: 1 });
    now = 60_000;
    expect(limiter.take('olga')).toMatchObject({ admitted: true });
  });

  it('counts together what all instances have admitted', async () => {
    const [one, other] = [limiterOf(10), limiterOf(10)];
    expect(admitted(one, 6)).toBe(6);
    await exchange();
    // The other one does not know yet: it learns with its first exchange.
    expect(admitted(other, 1)).toBe(1);
    await exchange();
    expect(admitted(other, 10)).toBe(3);
    await exchange();
    expect(admitted(one, 1)).toBe(1);
    await exchange();
    expect(admitted(one, 10)).toBe(0);
    expect(shared.counts.get('olga')?.total).toBe(11);
  });

  it('tells the others of many requests of many callers at once', async () => {
    const limiter = limiterOf(1_000);
    for (let i = 0; i < 50; i += 1) admitted(limiter, 10, `caller ${i % 5}`);
    expect(shared.exchanges).toBe(0);
    await exchange();
    expect(shared.exchanges).toBe(1);
    expect([...shared.counts.values()].map(({ total }) => total)).toEqual([100, 100, 100, 100, 100]);
  });

  it('counts for itself while the others cannot be told, and tells them later', async () => {
    shared.available = false;
    const limiter = limiterOf(5);
    expect(admitted(limiter, 3)).toBe(3);
    await exchange();
    expect(admitted(limiter, 1)).toBe(1);
    shared.available = true;
    await exchange();
    expect(shared.counts.get('olga')?.total).toBe(4);
    expect(admitted(limiter, 5)).toBe(1);
  });

  it('ends a period when the others do, not a minute after its own first request', async () => {
    const limiter = limiterOf(5);
    shared.add = (additions) =>
      Promise.resolve(new Map([...additions].map(([name]) => [name, { total: 5, endsIn: 1_000 }])));
    expect(admitted(limiter, 1)).toBe(1);
    await eventually(() => limiter.take('olga').resetsIn <= 1_000);
    now = 1_001;
    expect(admitted(limiter, 1)).toBe(1);
  });

  it('tells nobody of requests that it has refused', async () => {
    const limiter = limiterOf(2);
    expect(admitted(limiter, 100)).toBe(2);
    await exchange();
    expect(shared.counts.get('olga')?.total).toBe(2);
  });
});
