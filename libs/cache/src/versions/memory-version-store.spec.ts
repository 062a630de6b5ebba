import { describeVersionStore } from './version-store.contract.js';
import { MemoryVersionStore } from './memory-version-store.js';

describeVersionStore('MemoryVersionStore', () => {
  let now = 0;
  return Promise.resolve({
    versions: new MemoryVersionStore({ pendingWriteLifetime: 1_000, now: () => now }),
    passDeadline: () => {
      now += 1_000;
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  });
});

describe('MemoryVersionStore', () => {
  it('replaces versions that it has lost for want of room by fresh ones', async () => {
    const versions = new MemoryVersionStore({ pendingWriteLifetime: 1_000, maxVersions: 3 });
    const before = (await versions.ensureVersions(['a'])).get('a');
    await versions.ensureVersions(['b', 'c', 'd']);
    expect((await versions.ensureVersions(['a'])).get('a')).not.toBe(before);
  });

  it('does not bring a version into force when the observed one was lost meanwhile', async () => {
    const versions = new MemoryVersionStore({ pendingWriteLifetime: 1_000, maxVersions: 3 });
    const observed = (await versions.ensureVersions(['a'])).get('a') ?? '';
    await versions.ensureVersions(['b', 'c', 'd']);
    await versions.complete(
      ['w'],
      [{ tag: 'a', swap: { expected: observed, next: 'prepared', otherwise: 'invalidate' } }],
    );
    expect((await versions.ensureVersions(['a'])).get('a')).not.toBe('prepared');
  });
});
