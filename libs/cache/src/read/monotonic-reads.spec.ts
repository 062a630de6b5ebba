import { VersionStoreUnavailableError } from '../versions/version-store.js';
import { MemoryVersionStore } from '../versions/memory-version-store.js';
import { MonotonicReads } from './monotonic-reads.js';

const FOREVER = 60_000;

describe('MonotonicReads', () => {
  let versions: MemoryVersionStore;

  beforeEach(() => {
    versions = new MemoryVersionStore({ pendingWriteLifetime: FOREVER });
  });

  /** Looks whether it has been resolved once all is done that can be done without waiting. */
  async function isResolved(promise: Promise<unknown>): Promise<boolean> {
    let resolved = false;
    void promise.then(() => (resolved = true));
    await new Promise((resolve) => setImmediate(resolve));
    return resolved;
  }

  it('does not wait when no write is under way that touches the answer', async () => {
    await versions.begin({ id: 'w', tags: ['other'] });
    const ensured = new MonotonicReads(versions, FOREVER).settled(['list']);
    expect(await isResolved(ensured)).toBe(true);
    expect(await ensured).toEqual(await versions.ensureVersions(['list']));
  });

  it('waits for those writes that it may show, and for no others that begin meanwhile', async () => {
    await versions.begin({ id: 'w1', tags: ['list'] });
    const ensured = new MonotonicReads(versions, FOREVER).settled(['list']);
    expect(await isResolved(ensured)).toBe(false);
    await versions.begin({ id: 'w2', tags: ['list'] });
    await versions.complete(['w1'], [{ tag: 'list' }]);
    expect(await ensured).toEqual(await versions.ensureVersions(['list']));
  });

  it('waits for whoever makes what it shows', async () => {
    await versions.begin({ id: 'w', tags: [], creates: ['order:7'] });
    const ensured = new MonotonicReads(versions, FOREVER).settled(['order:7']);
    expect(await isResolved(ensured)).toBe(false);
    await versions.complete(['w'], []);
    await ensured;
  });

  it('invalidates once what a write touches that takes too long, and does not wait for that one again', async () => {
    await versions.begin({ id: 'w', tags: ['list', 'order:7'] });
    const before = await versions.ensureVersions(['list', 'order:7']);
    const reads = new MonotonicReads(versions, 1);
    expect(await reads.settled(['list'])).toBeUndefined();
    const after = await versions.ensureVersions(['list', 'order:7']);
    expect(after.get('list')).not.toBe(before.get('list'));
    expect(after.get('order:7')).not.toBe(before.get('order:7'));

    const again = reads.settled(['list']);
    expect(await isResolved(again)).toBe(true);
    expect(await again).toEqual(await versions.ensureVersions(['list']));
    expect((await versions.ensureVersions(['order:7'])).get('order:7')).toBe(after.get('order:7'));
  });

  it('waits for nothing when the versions is away', async () => {
    versions.pending = () => Promise.reject(new VersionStoreUnavailableError('redis-away'));
    expect(await new MonotonicReads(versions, FOREVER).settled(['list'])).toBeUndefined();
  });

  it('passes other errors on', async () => {
    versions.pending = () => Promise.reject(new TypeError('a mistake'));
    await expect(new MonotonicReads(versions, FOREVER).settled(['list'])).rejects.toThrow(TypeError);
  });
});
