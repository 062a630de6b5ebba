import { EPOCH, VersionStoreUnavailableError, type VersionSnapshot } from './version-store.js';
import { MemoryVersionStore } from './memory-version-store.js';
import { CacheEvents } from '../cache.events.js';
import { SnapshotBatch, type SnapshotOrUnavailable } from './snapshot-batch.js';

/** A versions whose observations are answered by hand. */
class GatedVersionStore extends MemoryVersionStore {
  readonly asked: { readonly tags: readonly string[]; readonly answer: () => void }[] = [];

  override snapshot(tags: readonly string[]): Promise<VersionSnapshot> {
    return new Promise((resolve, reject) => {
      this.asked.push({ tags, answer: () => void super.snapshot(tags).then(resolve, reject) });
    });
  }
}

describe('a shared observation', () => {
  let versions: GatedVersionStore;
  let shared: SnapshotBatch;

  beforeEach(async () => {
    versions = new GatedVersionStore({ pendingWriteLifetime: 1_000 });
    shared = new SnapshotBatch(versions, new CacheEvents());
    await versions.ensureVersions(['a', 'b']);
  });

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  it('begins at once for a request that is alone', async () => {
    const observed = shared.snapshot(['a']);
    await Promise.resolve().then(() => undefined);
    expect(versions.asked.map(({ tags }) => tags)).toEqual([['a']]);
    versions.asked[0]?.answer();
    expect([...((await observed) as VersionSnapshot).keys()]).toEqual([EPOCH, 'a']);
  });

  it('is never shared by a request that arrived after it began', async () => {
    const early = shared.snapshot(['a']);
    await until(() => versions.asked.length === 1);
    const late = [shared.snapshot(['a']), shared.snapshot(['b'])];
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(versions.asked).toHaveLength(1);

    const before = (await versions.complete([], [{ tag: 'a' }]),
    versions.asked[0]?.answer(),
    await early) as VersionSnapshot;
    await until(() => versions.asked.length === 2);
    expect(versions.asked[1]?.tags).toEqual(['a', 'b']);
    await versions.complete([], [{ tag: 'a' }]);
    versions.asked[1]?.answer();
    const [first, second] = (await Promise.all(late)) as [VersionSnapshot, VersionSnapshot];
    expect(first).toBe(second);
    expect(first.get('a')).not.toBe(before.get('a'));
  });

  it('waits for others under load, but not for long', async () => {
    const answers: Promise<SnapshotOrUnavailable>[] = [];
    for (let i = 0; i < 20; i += 1) answers.push(shared.snapshot(['a']));
    await until(() => versions.asked.length > 0);
    versions.asked[0]?.answer();
    await Promise.all(answers);
    const alone = shared.snapshot(['a']);
    await until(() => versions.asked.length === 2);
    versions.asked[1]?.answer();
    await alone;
  });

  it('tells all who share it when the versions is away, and goes on', async () => {
    const mended = versions;
    versions = new GatedVersionStore({ pendingWriteLifetime: 1_000 });
    shared = new SnapshotBatch(versions, new CacheEvents());
    versions.snapshot = () => Promise.reject(new VersionStoreUnavailableError('redis-away'));
    const failed = await Promise.all([shared.snapshot(['a']), shared.snapshot(['b'])]);
    for (const observation of failed) expect(observation).toBeInstanceOf(VersionStoreUnavailableError);
    versions.snapshot = () => Promise.reject(new Error('a mistake'));
    await expect(shared.snapshot(['a'])).rejects.toThrow('a mistake');
    versions.snapshot = (tags) => mended.snapshot(tags);
    const observed = shared.snapshot(['a']);
    await until(() => mended.asked.length === 1);
    mended.asked[0]?.answer();
    expect(await observed).toBeInstanceOf(Map);
  });

  it('asks nothing while this instance does not hear what others write without the versions', async () => {
    const backplane = { mayAnswer: false };
    shared = new SnapshotBatch(versions, new CacheEvents(), backplane);
    expect(await shared.snapshot(['a'])).toMatchObject({ detail: 'cut-off' });
    backplane.mayAnswer = true;
    const observed = shared.snapshot(['a']);
    await until(() => versions.asked.length === 1);
    versions.asked[0]?.answer();
    expect(await observed).toBeInstanceOf(Map);
  });
});
