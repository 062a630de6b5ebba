import { EPOCH, VersionStoreUnavailableError, type VersionSnapshot } from './version-store.js';
import { MemoryVersionStore } from './memory-version-store.js';
import { CacheStatistics } from '../cache-statistics.js';
import { SnapshotBatch, type SnapshotOrUnavailable } from './snapshot-batch.js';

/** A versionStore whose observations are answered by hand. */
class GatedVersionStore extends MemoryVersionStore {
  readonly asked: { readonly tags: readonly string[]; readonly answer: () => void }[] = [];

  override observe(tags: readonly string[]): Promise<VersionSnapshot> {
    return new Promise((resolve, reject) => {
      this.asked.push({ tags, answer: () => void super.observe(tags).then(resolve, reject) });
    });
  }
}

describe('a shared observation', () => {
  let versionStore: GatedVersionStore;
  let shared: SnapshotBatch;

  beforeEach(async () => {
    versionStore = new GatedVersionStore({ pendingWriteLifetime: 1_000 });
    shared = new SnapshotBatch(versionStore, new CacheStatistics());
    await versionStore.ensureVersions(['a', 'b']);
  });

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  it('begins at once for a request that is alone', async () => {
    const observed = shared.observe(['a']);
    await Promise.resolve().then(() => undefined);
    expect(versionStore.asked.map(({ tags }) => tags)).toEqual([['a']]);
    versionStore.asked[0]?.answer();
    expect([...((await observed) as VersionSnapshot).keys()]).toEqual([EPOCH, 'a']);
  });

  it('is never shared by a request that arrived after it began', async () => {
    const early = shared.observe(['a']);
    await until(() => versionStore.asked.length === 1);
    const late = [shared.observe(['a']), shared.observe(['b'])];
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(versionStore.asked).toHaveLength(1);

    const before = (await versionStore.complete([], [{ tag: 'a' }]),
    versionStore.asked[0]?.answer(),
    await early) as VersionSnapshot;
    await until(() => versionStore.asked.length === 2);
    expect(versionStore.asked[1]?.tags).toEqual(['a', 'b']);
    await versionStore.complete([], [{ tag: 'a' }]);
    versionStore.asked[1]?.answer();
    const [first, second] = (await Promise.all(late)) as [VersionSnapshot, VersionSnapshot];
    expect(first).toBe(second);
    expect(first.get('a')).not.toBe(before.get('a'));
  });

  it('waits for others under load, but not for long', async () => {
    const answers: Promise<SnapshotOrUnavailable>[] = [];
    for (let i = 0; i < 20; i += 1) answers.push(shared.observe(['a']));
    await until(() => versionStore.asked.length > 0);
    versionStore.asked[0]?.answer();
    await Promise.all(answers);
    const alone = shared.observe(['a']);
    await until(() => versionStore.asked.length === 2);
    versionStore.asked[1]?.answer();
    await alone;
  });

  it('tells all who share it when the versionStore is away, and goes on', async () => {
    const mended = versionStore;
    versionStore = new GatedVersionStore({ pendingWriteLifetime: 1_000 });
    shared = new SnapshotBatch(versionStore, new CacheStatistics());
    versionStore.observe = () => Promise.reject(new VersionStoreUnavailableError('redis-away'));
    const failed = await Promise.all([shared.observe(['a']), shared.observe(['b'])]);
    for (const observation of failed) expect(observation).toBeInstanceOf(VersionStoreUnavailableError);
    versionStore.observe = () => Promise.reject(new Error('a mistake'));
    await expect(shared.observe(['a'])).rejects.toThrow('a mistake');
    versionStore.observe = (tags) => mended.observe(tags);
    const observed = shared.observe(['a']);
    await until(() => mended.asked.length === 1);
    mended.asked[0]?.answer();
    expect(await observed).toBeInstanceOf(Map);
  });

  it('asks nothing while this instance does not hear what others write without the versionStore', async () => {
    const backplane = { mayAnswer: false };
    shared = new SnapshotBatch(versionStore, new CacheStatistics(), backplane);
    expect(await shared.observe(['a'])).toMatchObject({ detail: 'cut-off' });
    backplane.mayAnswer = true;
    const observed = shared.observe(['a']);
    await until(() => versionStore.asked.length === 1);
    versionStore.asked[0]?.answer();
    expect(await observed).toBeInstanceOf(Map);
  });
});
