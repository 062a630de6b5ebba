import { describeVersionStore } from './version-store.contract.js';
import { MemoryVersionStore } from './memory-version-store.js';

describeVersionStore('MemoryVersionStore', () => {
  let now = 0;
  const versions = new MemoryVersionStore({ pendingWriteLifetime: 1_000, now: () => now });
  return Promise.resolve({
    versions,
    passDeadline: () => {
      now += 1_000;
      return Promise.resolve();
    },
    close: () => versions.close(),
  });
});

describe('MemoryVersionStore', () => {
  it('replaces versions that it had no room for by fresh ones', async () => {
    const versions = new MemoryVersionStore({ pendingWriteLifetime: 1_000, maxVersions: 3 });
    const before = (await versions.ensureVersions(['a'])).get('a');
    await versions.ensureVersions(['b', 'c', 'd']);
    expect((await versions.ensureVersions(['a'])).get('a')).not.toBe(before);
  });

  it('keeps the tags that fit into a bound of memory, however long they are', async () => {
    const versions = new MemoryVersionStore({ pendingWriteLifetime: 1_000 });
    const long = 'x'.repeat(1_000_000);
    const before = await versions.ensureVersions(['short', `${long} 0`]);
    for (let i = 1; i < 20; i += 1) await versions.ensureVersions(['short', `${long} ${i}`]);
    const after = await versions.ensureVersions(['short', `${long} 0`]);
    expect(after.get('short')).toBe(before.get('short'));
    expect(after.get(`${long} 0`)).not.toBe(before.get(`${long} 0`));
  });

  it('does not move a tag to the next version if the expected one was lost', async () => {
    const versions = new MemoryVersionStore({ pendingWriteLifetime: 1_000, maxVersions: 3 });
    const expected = (await versions.ensureVersions(['a'])).get('a') ?? '';
    await versions.ensureVersions(['b', 'c', 'd']);
    await versions.complete(['w'], [{ tag: 'a', swap: { expected, next: 'next', otherwise: 'invalidate' } }]);
    expect((await versions.ensureVersions(['a'])).get('a')).not.toBe('next');
  });
});
