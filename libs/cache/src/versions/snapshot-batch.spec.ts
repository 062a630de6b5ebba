import { CacheEvents, type CacheEvent } from '../cache.events.js';
import { MemoryVersionStore } from './memory-version-store.js';
import { SnapshotBatch, type SnapshotOrUnavailable } from './snapshot-batch.js';
import { EPOCH, VersionStoreUnavailableError, type VersionSnapshot } from './version-store.js';

/** A version store whose snapshots are taken when the test says so. */
class GatedVersionStore extends MemoryVersionStore {
  readonly calls: { readonly tags: readonly string[]; readonly proceed: () => void }[] = [];

  override snapshot(tags: readonly string[]): Promise<VersionSnapshot> {
    return new Promise((resolve, reject) => {
      this.calls.push({ tags, proceed: () => void super.snapshot(tags).then(resolve, reject) });
    });
  }
}

describe('SnapshotBatch', () => {
  let versions: GatedVersionStore;
  let events: CacheEvent[];
  let batch: SnapshotBatch;

  beforeEach(async () => {
    events = [];
    versions = new GatedVersionStore({ pendingWriteLifetime: 1_000 });
    batch = new SnapshotBatch(versions, recorder());
    await versions.ensureVersions(['a', 'b']);
  });

  function recorder(): CacheEvents {
    const recording = new CacheEvents();
    recording.subscribe((event) => events.push(event));
    return recording;
  }

  function snapshotOf(reads: number): CacheEvent {
    return { type: 'snapshot', reads, milliseconds: expect.any(Number) as number, failed: false };
  }

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  it('takes the snapshot of a single request at once', async () => {
    const snapshot = batch.snapshot(['a']);
    await Promise.resolve().then(() => undefined);
    expect(versions.calls.map(({ tags }) => tags)).toEqual([['a']]);
    versions.calls[0]?.proceed();
    expect([...((await snapshot) as VersionSnapshot).keys()]).toEqual([EPOCH, 'a']);
    expect(events).toEqual([snapshotOf(1)]);
  });

  it('never gives a request a snapshot that began before it arrived', async () => {
    const early = batch.snapshot(['a']);
    await until(() => versions.calls.length === 1);
    const late = [batch.snapshot(['a']), batch.snapshot(['b'])];
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(versions.calls).toHaveLength(1);

    versions.calls[0]?.proceed();
    const before = (await early) as VersionSnapshot;
    await until(() => versions.calls.length === 2);
    expect(versions.calls[1]?.tags).toEqual(['a', 'b']);
    await versions.complete([], [{ tag: 'a' }]);
    versions.calls[1]?.proceed();
    const [first, second] = (await Promise.all(late)) as [VersionSnapshot, VersionSnapshot];
    expect(first).toBe(second);
    expect(first.get('a')).not.toBe(before.get('a'));
    expect(events).toEqual([snapshotOf(1), snapshotOf(2)]);
  });

  it('waits for more requests under load, but not for long', async () => {
    const snapshots: Promise<SnapshotOrUnavailable>[] = [];
    for (let i = 0; i < 20; i += 1) snapshots.push(batch.snapshot(['a']));
    await until(() => versions.calls.length > 0);
    versions.calls[0]?.proceed();
    await Promise.all(snapshots);
    const single = batch.snapshot(['a']);
    await until(() => versions.calls.length === 2);
    versions.calls[1]?.proceed();
    await single;
  });

  it('reports to all its requests that the version store is unavailable, and recovers', async () => {
    const mended = versions;
    versions = new GatedVersionStore({ pendingWriteLifetime: 1_000 });
    batch = new SnapshotBatch(versions, recorder());
    versions.snapshot = () => Promise.reject(new VersionStoreUnavailableError('redis-away'));
    const failed = await Promise.all([batch.snapshot(['a']), batch.snapshot(['b'])]);
    for (const snapshot of failed) expect(snapshot).toBeInstanceOf(VersionStoreUnavailableError);
    versions.snapshot = () => Promise.reject(new Error('a mistake'));
    await expect(batch.snapshot(['a'])).rejects.toThrow('a mistake');
    versions.snapshot = (tags) => mended.snapshot(tags);
    const snapshot = batch.snapshot(['a']);
    await until(() => mended.calls.length === 1);
    mended.calls[0]?.proceed();
    expect(await snapshot).toBeInstanceOf(Map);
  });

  it('takes no snapshot while the backplane says that this instance may miss writes', async () => {
    const backplane = { mayAnswer: false };
    batch = new SnapshotBatch(versions, recorder(), backplane);
    expect(await batch.snapshot(['a'])).toMatchObject({ detail: 'cut-off' });
    expect(events).toEqual([]);
    backplane.mayAnswer = true;
    const snapshot = batch.snapshot(['a']);
    await until(() => versions.calls.length === 1);
    versions.calls[0]?.proceed();
    expect(await snapshot).toBeInstanceOf(Map);
  });
});
