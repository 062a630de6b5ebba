import { VersionStoreUnavailableError } from '../versions/version-store.js';
import { MemoryVersionStore } from '../versions/memory-version-store.js';
import { MonotonicReads } from './monotonic-reads.js';

const LONG = 60_000;

describe('MonotonicReads', () => {
  let versions: MemoryVersionStore;
  let reads: MonotonicReads;

  beforeEach(() => {
    versions = new MemoryVersionStore({ pendingWriteLifetime: LONG });
    reads = new MonotonicReads(versions, { pendingWriteTimeout: LONG });
  });

  /** Whether the promise is resolved once everything is done that needs no waiting. */
  async function isResolved(promise: Promise<unknown>): Promise<boolean> {
    let resolved = false;
    void promise.then(() => (resolved = true));
    await new Promise((resolve) => setImmediate(resolve));
    return resolved;
  }

  it('does not wait if no pending write touches the response', async () => {
    await versions.begin({ id: 'w', tags: ['other'] });
    const settled = reads.settled(['list']);
    expect(await isResolved(settled)).toBe(true);
    expect(await settled).toEqual(await versions.ensureVersions(['list']));
  });

  it('waits for the writes that the response may show, and not for those that begin later', async () => {
    await versions.begin({ id: 'w1', tags: ['list'] });
    const settled = reads.settled(['list']);
    expect(await isResolved(settled)).toBe(false);
    await versions.begin({ id: 'w2', tags: ['list'] });
    await versions.complete(['w1'], [{ tag: 'list' }]);
    expect(await settled).toEqual(await versions.ensureVersions(['list']));
  });

  it('waits for the write that creates what the response shows', async () => {
    await versions.begin({ id: 'w', tags: [], creates: ['order:7'] });
    const settled = reads.settled(['order:7']);
    expect(await isResolved(settled)).toBe(false);
    await versions.complete(['w'], []);
    await settled;
  });

  it('invalidates the tags of a write that takes too long once, and does not wait for it again', async () => {
    await versions.begin({ id: 'w', tags: ['list', 'order:7'] });
    const before = await versions.ensureVersions(['list', 'order:7']);
    const impatient = new MonotonicReads(versions, { pendingWriteTimeout: 1 });
    expect(await impatient.settled(['list'])).toBeUndefined();
    const after = await versions.ensureVersions(['list', 'order:7']);
    expect(after.get('list')).not.toBe(before.get('list'));
    expect(after.get('order:7')).not.toBe(before.get('order:7'));

    const again = impatient.settled(['list']);
    expect(await isResolved(again)).toBe(true);
    expect(await again).toEqual(await versions.ensureVersions(['list']));
    expect((await versions.ensureVersions(['order:7'])).get('order:7')).toBe(after.get('order:7'));
  });

  it('does not wait while the version store is unavailable', async () => {
    versions.pending = () => Promise.reject(new VersionStoreUnavailableError('redis-away'));
    expect(await reads.settled(['list'])).toBeUndefined();
  });

  it('passes other errors on', async () => {
    versions.pending = () => Promise.reject(new TypeError('a mistake'));
    await expect(reads.settled(['list'])).rejects.toThrow(TypeError);
  });
});
