import { toAnswer } from '../answers/to-answer.js';
import type { Entry } from './entry.js';
import { NearCache } from './near-cache.js';

const MAX_BYTES = 1_000_000;

describe('NearCache', () => {
  let near: NearCache;

  beforeEach(() => {
    near = new NearCache(MAX_BYTES, 60_000);
  });

  function entryOf(length: number): Entry {
    return { stamp: ['v'], answer: toAnswer('x'.repeat(length)) };
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
