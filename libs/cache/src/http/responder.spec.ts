import { cacheStatus } from './responder.js';

describe('Cache-Status', () => {
  it.each([
    [{ kind: 'hit', level: 'l2' } as const, 'mes-redis; hit'],
    [{ kind: 'hit', level: 'l1' } as const, 'mes-near; hit'],
    [{ kind: 'miss', stored: true, collapsed: false } as const, 'mes; fwd=miss; stored'],
    [{ kind: 'miss', stored: false, collapsed: false } as const, 'mes; fwd=miss; detail=not-stored'],
    [{ kind: 'miss', stored: true, collapsed: true } as const, 'mes; fwd=miss; collapsed'],
    [{ kind: 'bypass', detail: 'redis-away' } as const, 'mes; fwd=bypass; detail=redis-away'],
  ])('of %j is %s', (outcome, header) => {
    expect(cacheStatus('mes', outcome)).toBe(header);
  });
});
