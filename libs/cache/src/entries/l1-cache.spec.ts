import { toCachedResponse } from './cached-response.js';
import type { Entry } from './entry.js';
import { L1Cache } from './l1-cache.js';

const MAX_BYTES = 1_000_000;

describe('L1Cache', () => {
  let l1: L1Cache;

  beforeEach(() => {
    l1 = new L1Cache({ l1MaxBytes: MAX_BYTES, entryLifetime: 60_000 });
  });

  function entryOf(length: number): Entry {
    return { vector: ['v'], response: toCachedResponse('x'.repeat(length)) };
  }

  it('gives back the stored entry itself', () => {
    const entry = entryOf(10);
    l1.set('a', entry);
    expect(l1.get('a')).toBe(entry);
    expect(l1.get('b')).toBeUndefined();
  });

  it('stays within its bound of memory, and drops the least recently used entries', () => {
    for (let i = 0; i < 500; i += 1) {
      l1.set(`entry ${i}`, entryOf(9_000));
      l1.get('entry 0');
      expect(l1.calculatedSize).toBeLessThanOrEqual(MAX_BYTES);
    }
    expect(l1.calculatedSize).toBeGreaterThan(MAX_BYTES / 2);
    expect(l1.get('entry 0')).toBeDefined();
    expect(l1.get('entry 1')).toBeUndefined();
    expect(l1.get('entry 499')).toBeDefined();
  });

  it('counts the versions of entries with many tags', () => {
    const vector = Array.from({ length: 1_000 }, () => 'v'.repeat(36));
    for (let i = 0; i < 100; i += 1) l1.set(`entry ${i}`, { ...entryOf(10), vector });
    expect(l1.size * 1_000 * 36).toBeLessThan(MAX_BYTES);
    expect(l1.size).toBeGreaterThan(5);
  });

  it('keeps neither an entry that is larger than the whole cache, nor the older one under its key', () => {
    l1.set('a', entryOf(10));
    l1.set('a', entryOf(MAX_BYTES));
    expect(l1.get('a')).toBeUndefined();
    expect(l1.calculatedSize).toBe(0);
  });
});
