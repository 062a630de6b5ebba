import { cacheStatus } from './cache-status.js';

describe('Cache-Status', () => {
  it.each([
    [{ kind: 'hit', store: 'redis' } as const, 'mes-redis; hit'],
    [{ kind: 'hit', store: 'near' } as const, 'mes-near; hit'],
    [{ kind: 'miss', stored: true, collapsed: false } as const, 'mes; fwd=miss; stored'],
    [{ kind: 'miss', stored: false, collapsed: false } as const, 'mes; fwd=miss; detail=not-stored'],
    [{ kind: 'miss', stored: true, collapsed: true } as const, 'mes; fwd=miss; collapsed'],
    [{ kind: 'bypass', detail: 'redis-away' } as const, 'mes; fwd=bypass; detail=redis-away'],
  ])('of %j is %s', (outcome, header) => {
    expect(cacheStatus(outcome)).toBe(header);
  });
});
