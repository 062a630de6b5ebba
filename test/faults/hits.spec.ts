import type { CacheUse, Exchange, Watched } from '../consistency/workload/recorder.js';
import { measureHits, type Hits } from './hits.js';

const MOMENTS = { warm: 0, began: 100, healed: 200, end: 300 };
const ALL = ['api-1', 'api-2'];

/** Ten requests, one in each millisecond. The first `not` requests are no hits. */
function polled(
  instance: string,
  watched: Watched,
  from: number,
  { not = 0, because = 'miss' }: { not?: number; because?: CacheUse } = {},
): Exchange[] {
  return Array.from({ length: 10 }, (_, i) => ({
    instance,
    watched,
    path: `/${watched}/${i}`,
    start: from + i,
    end: from + i + 1,
    status: 200,
    retryAfter: false,
    cache: i < not ? because : 'hit',
  }));
}

describe('hits', () => {
  function measure(others: readonly string[], ...exchanges: readonly Exchange[][]): Hits {
    const before = ALL.flatMap((name) => [...polled(name, 'hot', 0, { not: 2 }), ...polled(name, 'calm', 0)]);
    return measureHits([...before, ...exchanges.flat()], MOMENTS, ALL, others);
  }

  it('are compared with the hits before the fault, at the instance with the fewest', () => {
    const { before, after } = measure([], polled('api-1', 'hot', 200), polled('api-2', 'hot', 200, { not: 1 }));
    expect(before).toBeCloseTo(0.9);
    expect(after).toBeCloseTo(1);
  });

  it('after the fault are 0 if an instance has no responses', () => {
    expect(measure([], polled('api-1', 'hot', 200)).after).toBe(0);
  });

  it('are not expected of orders that no longer exist', () => {
    const gone = polled('api-2', 'calm', 200, { not: 10 }).map((exchange) => ({ ...exchange, status: 404 }));
    const { after } = measure([], polled('api-1', 'hot', 200), polled('api-2', 'hot', 210), gone);
    expect(after).toBeGreaterThan(1);
  });

  it('during the fault are counted for responses that no write invalidates', () => {
    const hot = polled('api-1', 'hot', 100, { not: 10 });
    expect(measure([], hot, polled('api-1', 'calm', 100, { not: 5 })).meanwhile).toBeCloseTo(0.5);
  });

  it('of others are counted at instances that the fault does not affect', () => {
    const touched = polled('api-1', 'calm', 100, { not: 10 });
    const { others, lostByOthers } = measure(['api-2'], touched, polled('api-2', 'calm', 100, { not: 3 }));
    expect(others).toBeCloseTo(0.7);
    expect(lostByOthers).toEqual({ lost: ['api-2 /calm/0', 'api-2 /calm/1', 'api-2 /calm/2'], of: 40 });
  });

  it('that others lost are counted once for each response, and a bypass is no loss', () => {
    const bypassed = polled('api-2', 'calm', 100, { not: 5, because: 'bypass' });
    const { lostByOthers } = measure(
      ['api-2'],
      bypassed,
      polled('api-2', 'calm', 200, { not: 2 }),
      polled('api-2', 'calm', 250, { not: 2 }),
    );
    expect(lostByOthers?.lost).toHaveLength(2);
  });

  it('of others are undefined if the fault affects all instances', () => {
    expect(measure([])).toMatchObject({ others: undefined, lostByOthers: undefined });
  });
});
