import { toCachedResponse } from './cached-response.js';
import type { Entry } from './entry.js';
import { L1Cache } from './l1-cache.js';

const MAX_BYTES = 1_000_000;

describe('L1Cache', () => {
  let near: L1Cache;

  beforeEach(() => {
    near = new L1Cache(MAX_BYTES, 60_000);
  });

  function entryOf(length: number): Entry {
    return { vector: ['v'], response: toCachedResponse('x'.repeat(length)) };
  }

  it('gives back the very entry that was put in', () => {
    const entry = entryOf(10);
    near.set('a', entry);
    expect(near.get('a')).toBe(entry);
    expect(near.get('b')).toBeUndefined();
  });

  it('never takes more memory than its bound, and drops what was not used for longest', () => {
    for (let i = 0; i < 500; i += 1) {
      near.set(`entry ${i}`, entryOf(9_000));
      near.get('entry 0');
      expect(near.bytes).toBeLessThanOrEqual(MAX_BYTES);
    }
    expect(near.bytes).toBeGreaterThan(MAX_BYTES / 2);
    expect(near.get('entry 0')).toBeDefined();
    expect(near.get('entry 1')).toBeUndefined();
    expect(near.get('entry 499')).toBeDefined();
  });

  it('does not keep what is larger than all of it, and nothing older under the same key either', () => {
    near.set('a', entryOf(10));
    near.set('a', entryOf(MAX_BYTES));
    expect(near.get('a')).toBeUndefined();
    expect(near.bytes).toBe(0);
  });
});
