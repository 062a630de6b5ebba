import { EPOCH, VersionStoreUnavailableError, type Advance, type VersionStore } from './version-store.js';

/** A version store under test, not opened yet. */
export interface VersionStoreUnderTest {
  readonly versions: VersionStore;
  /** Waits, or moves the store's clock, until every pending write has expired. */
  readonly passDeadline: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** How long to wait for a condition, in milliseconds. */
const TIMEOUT = 10_000;

/**
 * The contract of version stores, for test runners with the global functions of Jest:
 *
 * ```ts
 * import { describeVersionStore } from '@mes/cache/testing';
 * describeVersionStore('MyStore', async () => ({ versions: new MyStore(…), passDeadline, close }));
 * ```
 *
 * @param open is called for each test; the store must be empty
 */
export function describeVersionStore(name: string, open: () => Promise<VersionStoreUnderTest>): void {
  describe(`${name} as a version store`, () => {
    let test: VersionStoreUnderTest;
    let versions: VersionStore;

    beforeEach(async () => {
      test = await open();
      versions = test.versions;
      await versions.open();
    });

    afterEach(() => test.close());

    async function eventually(condition: () => boolean): Promise<void> {
      for (const end = Date.now() + TIMEOUT; !condition(); await new Promise((resolve) => setTimeout(resolve, 5))) {
        if (Date.now() > end) throw new Error(`not within ${TIMEOUT} ms: ${String(condition)}`);
      }
    }

    async function versionOf(tag: string): Promise<string> {
      const version = (await versions.ensureVersions([tag])).get(tag);
      if (version === undefined) throw new Error(`the snapshot lacks ${tag}`);
      return version;
    }

    async function pendingOn(...tags: string[]): Promise<readonly string[]> {
      return (await versions.pending(tags)).writeIds;
    }

    it('gives versions of all tags and of the epoch', async () => {
      const snapshot = await versions.ensureVersions(['a', 'b']);
      expect([...snapshot.keys()].sort()).toEqual(['a', 'b', EPOCH]);
      expect(new Set(snapshot.values()).size).toBe(3);
    });

    it('gives the same versions as long as nobody writes', async () => {
      expect(await versions.ensureVersions(['a', 'b'])).toEqual(await versions.ensureVersions(['a', 'b']));
    });

    it('replaces a missing version once for all readers at the same time', async () => {
      const observed = await Promise.all(Array.from({ length: 20 }, () => versionOf('fresh')));
      expect(new Set(observed).size).toBe(1);
    });

    it('never gives a version twice', async () => {
      const seen = new Set<string>();
      for (let i = 0; i < 50; i += 1) {
        seen.add(await versionOf('a'));
        await versions.invalidate(['a']);
      }
      expect(seen.size).toBe(50);
    });

    it('invalidates the given tags and no others', async () => {
      const before = await versions.ensureVersions(['a', 'b', 'c']);
      await versions.invalidate(['a', 'b']);
      const after = await versions.ensureVersions(['a', 'b', 'c']);
      expect(after.get('a')).not.toBe(before.get('a'));
      expect(after.get('b')).not.toBe(before.get('b'));
      expect(after.get('c')).toBe(before.get('c'));
      expect(after.get(EPOCH)).toBe(before.get(EPOCH));
    });

    it('invalidates everything by the epoch', async () => {
      const before = (await versions.ensureVersions([])).get(EPOCH);
      await versions.invalidate([EPOCH]);
      expect((await versions.ensureVersions([])).get(EPOCH)).not.toBe(before);
    });

    it('swaps the expected version for the next one', async () => {
      const observed = await versionOf('a');
      await versions.complete(
        ['w'],
        [{ tag: 'a', swap: { expected: observed, next: 'prepared', otherwise: 'invalidate' } }],
      );
      expect(await versionOf('a')).toBe('prepared');
    });

    it('invalidates instead if the expected version does not stand any more', async () => {
      const observed = await versionOf('a');
      await versions.invalidate(['a']);
      const invalidated = await versionOf('a');
      await versions.complete(
        ['w'],
        [{ tag: 'a', swap: { expected: observed, next: 'prepared', otherwise: 'invalidate' } }],
      );
      expect(['prepared', observed, invalidated]).not.toContain(await versionOf('a'));
    });

    it('makes only one of two versions current that expect the same version', async () => {
      const observed = await versionOf('a');
      await versions.complete(
        ['w1'],
        [{ tag: 'a', swap: { expected: observed, next: 'first', otherwise: 'invalidate' } }],
      );
      await versions.complete(
        ['w2'],
        [{ tag: 'a', swap: { expected: observed, next: 'second', otherwise: 'invalidate' } }],
      );
      expect(['first', 'second', observed]).not.toContain(await versionOf('a'));
    });

    it('does nothing at all if a swap refuses', async () => {
      await versions.begin({ id: 'w', tags: ['a', 'b'] });
      const before = await versions.ensureVersions(['a', 'b', 'c']);
      await versions.complete([], [{ tag: 'a' }]);
      const invalidated = await versionOf('a');
      const advances = (observed: string): Advance[] => [
        { tag: 'b' },
        { tag: 'a', swap: { expected: observed, next: 'prepared', otherwise: 'refuse' } },
        { tag: 'c' },
      ];
      expect(await versions.complete(['w'], advances(before.get('a') ?? ''))).toBe(false);
      expect(await versions.ensureVersions(['a', 'b', 'c'])).toEqual(new Map([...before, ['a', invalidated]]));

      expect(await versions.complete(['w'], advances(invalidated))).toBe(true);
      expect(await versionOf('a')).toBe('prepared');
      expect(await versionOf('b')).not.toBe(before.get('b'));
      await test.passDeadline();
      expect(await versions.sweepExpired()).toEqual([]);
    });

    it('sweeps a write whose completion was refused', async () => {
      await versions.begin({ id: 'w', tags: ['a'] });
      await versions.complete(['w'], [{ tag: 'a', swap: { expected: 'never', next: 'x', otherwise: 'refuse' } }]);
      await test.passDeadline();
      expect(await versions.sweepExpired()).toEqual(['a']);
    });

    it('takes a snapshot with the announcement of a write', async () => {
      const { snapshot } = await versions.begin({ id: 'w', tags: ['a', 'b'] }, ['a']);
      expect(snapshot.get('a')).toBe(await versionOf('a'));
      expect(snapshot.has(EPOCH)).toBe(true);
    });

    it('tells whether another write is pending', async () => {
      const isAlone = async (id: string) => (await versions.begin({ id, tags: [id] })).isAlone;
      expect(await isAlone('w1')).toBe(true);
      expect(await isAlone('w2')).toBe(false);
      await versions.complete(['w1', 'w2'], []);
      expect(await isAlone('w3')).toBe(true);
    });

    it('leaves the tags of a pending write alone until it expires', async () => {
      const before = await versionOf('a');
      await versions.begin({ id: 'w', tags: ['a'] });
      expect(await versions.sweepExpired()).toEqual([]);
      expect(await versionOf('a')).toBe(before);
    });

    it('invalidates the tags of an expired write, once', async () => {
      const before = await versions.ensureVersions(['a', 'b', 'c']);
      await versions.begin({ id: 'w', tags: ['a', 'b'] });
      await test.passDeadline();
      expect([...(await versions.sweepExpired())].sort()).toEqual(['a', 'b']);
      const after = await versions.ensureVersions(['a', 'b', 'c']);
      expect(after.get('a')).not.toBe(before.get('a'));
      expect(after.get('b')).not.toBe(before.get('b'));
      expect(after.get('c')).toBe(before.get('c'));
      expect(await versions.sweepExpired()).toEqual([]);
    });

    it('does not sweep a completed write, whatever came of it', async () => {
      await versions.begin({ id: 'committed', tags: ['a'] });
      await versions.begin({ id: 'aborted', tags: ['b'] });
      await versions.complete(['committed'], [{ tag: 'a' }]);
      await versions.complete(['aborted'], []);
      const before = await versions.ensureVersions(['a', 'b']);
      await test.passDeadline();
      expect(await versions.sweepExpired()).toEqual([]);
      expect(await versions.ensureVersions(['a', 'b'])).toEqual(before);
    });

    it('completes several writes in one step, and applies their advances one after the other', async () => {
      await versions.begin({ id: 'w1', tags: ['a'] });
      const { snapshot } = await versions.begin({ id: 'w2', tags: ['b'] }, ['a', 'b']);
      const [a = '', b = ''] = [snapshot.get('a'), snapshot.get('b')];
      await versions.complete(
        ['w1', 'w2'],
        [
          { tag: 'a', swap: { expected: a, next: 'prepared a', otherwise: 'invalidate' } },
          { tag: 'b' },
          { tag: 'b', swap: { expected: b, next: 'prepared b', otherwise: 'invalidate' } },
        ],
      );
      expect(await versionOf('a')).toBe('prepared a');
      expect(['prepared b', b]).not.toContain(await versionOf('b'));
      await test.passDeadline();
      expect(await versions.sweepExpired()).toEqual([]);
    });

    it('keeps pending writes on the same tags apart', async () => {
      await versions.begin({ id: 'w1', tags: ['a'] });
      await versions.begin({ id: 'w2', tags: ['a'] });
      await versions.complete(['w1'], [{ tag: 'a' }]);
      await test.passDeadline();
      expect(await versions.sweepExpired()).toEqual(['a']);
    });

    it('gives the pending writes that touch or create any of the tags', async () => {
      expect(await pendingOn('a')).toEqual([]);
      await versions.begin({ id: 'w1', tags: ['a', 'b'] });
      await versions.begin({ id: 'w2', tags: ['b'], creates: ['c'] });
      expect(await pendingOn('a', 'd')).toEqual(['w1']);
      expect([...(await pendingOn('b'))].sort()).toEqual(['w1', 'w2']);
      expect(await pendingOn('c')).toEqual(['w2']);
      expect(await pendingOn('d')).toEqual([]);
      await versions.complete(['w1'], [{ tag: 'a' }]);
      expect(await pendingOn('a', 'b')).toEqual(['w2']);
    });

    it('takes a pending write on the epoch for one on every tag', async () => {
      await versions.begin({ id: 'w', tags: [EPOCH] });
      expect(await pendingOn('a')).toEqual(['w']);
      await versions.complete(['w'], [{ tag: EPOCH }]);
      expect(await pendingOn('a')).toEqual([]);
    });

    it('gives the versions along with the pending writes', async () => {
      const snapshot = await versions.ensureVersions(['a', 'b']);
      expect((await versions.pending(['a', 'b'])).snapshot).toEqual(snapshot);
      await versions.invalidate(['a']);
      expect((await versions.pending(['a', 'b'])).snapshot).toEqual(await versions.ensureVersions(['a', 'b']));
    });

    it('invalidates also all tags of the pending writes on the given tags', async () => {
      const before = await versions.ensureVersions(['a', 'b', 'c', 'd', 'e']);
      await versions.begin({ id: 'w1', tags: ['a', 'b'] });
      await versions.begin({ id: 'w2', tags: ['c'], creates: ['a'] });
      await versions.begin({ id: 'w3', tags: ['d'] });
      await versions.invalidate(['a']);
      const after = await versions.ensureVersions(['a', 'b', 'c', 'd', 'e']);
      const changed = [...after].filter(([tag, version]) => before.get(tag) !== version).map(([tag]) => tag);
      expect(changed.sort()).toEqual(['a', 'b', 'c']);
      expect([...(await pendingOn('a'))].sort()).toEqual(['w1', 'w2']);
    });

    it('invalidates all tags of overdue writes once, takes them for pending no more, and leaves others alone', async () => {
      const before = await versions.ensureVersions(['a', 'b', 'c', 'd', 'e']);
      await versions.begin({ id: 'w1', tags: ['a', 'b'] });
      await versions.begin({ id: 'w2', tags: ['c'], creates: ['a'] });
      await versions.begin({ id: 'w3', tags: ['a', 'd'] });
      await versions.invalidateOverdue(['w1', 'w2', 'gone']);
      const after = await versions.ensureVersions(['a', 'b', 'c', 'd', 'e']);
      const changed = [...after].filter(([tag, version]) => before.get(tag) !== version).map(([tag]) => tag);
      expect(changed.sort()).toEqual(['a', 'b', 'c']);
      expect(new Set(after.values()).size).toBe(after.size);
      expect(await pendingOn('a')).toEqual(['w3']);

      const page: Advance = {
        tag: 'page',
        swap: { expected: after.get('d') ?? '', next: 'prepared', otherwise: 'invalidate' },
      };
      await versions.invalidateOverdue(['w1', 'w2', 'gone']);
      await versions.complete(['w3'], [page], { shown: ['a'] });
      await versions.invalidate(['a']);
      expect((await versions.ensureVersions(['b', 'c'])).get('b')).toBe(after.get('b'));
    });

    it('invalidates, with a swap, what the pending writes touch that the new response may show', async () => {
      await versions.begin({ id: 'w1', tags: ['page', 'order 1'] });
      await versions.begin({ id: 'w2', tags: ['page', 'order 2', 'other'], creates: ['order 3'] });
      await versions.begin({ id: 'w3', tags: ['other'] });
      const tags = ['page', 'order 1', 'order 2', 'order 3', 'other', 'epoch'];
      const before = await versions.ensureVersions(tags);
      const observed = before.get('page') ?? '';
      const page: Advance = { tag: 'page', swap: { expected: observed, next: 'prepared', otherwise: 'invalidate' } };
      expect(await versions.complete(['w1'], [page, { tag: 'order 1' }], { shown: ['page'] })).toBe(true);
      const after = await versions.ensureVersions(tags);
      expect(after.get('page')).toBe('prepared');
      const changed = [...after].filter(([tag, version]) => before.get(tag) !== version).map(([tag]) => tag);
      expect(changed.sort()).toEqual(['order 1', 'order 2', 'other', 'page']);
    });

    it('keeps what was refreshed in the same step, whether or not it is shown', async () => {
      await versions.begin({ id: 'w', tags: ['page', 'counts', 'order'] });
      const before = await versions.ensureVersions(['page', 'counts', 'order']);
      const advances = ['page', 'counts'].map((tag): Advance => ({
        tag,
        swap: { expected: before.get(tag) ?? '', next: `prepared ${tag}`, otherwise: 'refuse' },
      }));
      await versions.complete([], advances, { shown: ['page'] });
      const after = await versions.ensureVersions(['page', 'counts', 'order']);
      expect(after.get('page')).toBe('prepared page');
      expect(after.get('counts')).toBe('prepared counts');
      expect(after.get('order')).not.toBe(before.get('order'));
    });

    it('invalidates what a pending write touches that shares only shown tags with the step', async () => {
      await versions.begin({ id: 'w', tags: ['shown', 'order'] });
      const before = await versions.ensureVersions(['shown', 'order', 'page']);
      const page: Advance = {
        tag: 'page',
        swap: { expected: before.get('page') ?? '', next: 'prepared', otherwise: 'invalidate' },
      };
      await versions.complete([], [page], { shown: ['page', 'shown'] });
      const after = await versions.ensureVersions(['shown', 'order', 'page']);
      expect(after.get('page')).toBe('prepared');
      expect(after.get('shown')).not.toBe(before.get('shown'));
      expect(after.get('order')).not.toBe(before.get('order'));
    });

    it('invalidates the tags of an overdue write again when it completes', async () => {
      await versions.begin({ id: 'w', tags: ['a'] });
      await versions.invalidateOverdue(['w']);
      const before = await versionOf('a');
      await versions.complete(['w'], [{ tag: 'a' }]);
      expect(await versionOf('a')).not.toBe(before);
      await test.passDeadline();
      expect(await versions.sweepExpired()).toEqual([]);
    });

    it('invalidates the tags of an overdue write again when it expires', async () => {
      await versions.begin({ id: 'w', tags: ['a', 'b'] });
      await versions.invalidateOverdue(['w']);
      const before = await versionOf('b');
      await test.passDeadline();
      expect([...(await versions.sweepExpired())].sort()).toEqual(['a', 'b']);
      expect(await versionOf('b')).not.toBe(before);
    });

    it('takes snapshots of the epoch and of tags with a version, and creates no version', async () => {
      await versions.invalidate(['a']);
      expect([...(await versions.snapshot(['a', 'b'])).keys()].sort()).toEqual(['a', EPOCH]);
      expect([...(await versions.snapshot(['b'])).keys()]).toEqual([EPOCH]);
      expect(await versions.snapshot(['a'])).toEqual(await versions.ensureVersions(['a']));
    });

    /** Another store, not opened yet, in place of the present one. */
    async function anew(): Promise<VersionStore> {
      await test.close();
      test = await open();
      return test.versions;
    }

    it('keeps everything when it is admitted again under the same label', async () => {
      versions = await anew();
      await versions.open({ admit: () => Promise.resolve('one') });
      const before = await versions.ensureVersions(['a', 'b']);
      versions.revalidate('a test');
      await eventually(() => versions.available);
      expect(await versions.ensureVersions(['a', 'b'])).toEqual(before);
    });

    it('begins a new epoch when it is admitted under another label', async () => {
      let label = 'one';
      versions = await anew();
      await versions.open({ admit: () => Promise.resolve(label) });
      const before = await versions.ensureVersions(['a']);
      label = 'two';
      versions.revalidate('a test');
      await eventually(() => versions.available);
      const after = await versions.ensureVersions(['a']);
      expect(after.get(EPOCH)).not.toBe(before.get(EPOCH));
      expect(after.get('a')).toBe(before.get('a'));
    });

    it('is not available while its admission is refused', async () => {
      let isRefused = true;
      versions = await anew();
      await versions.open({
        admit: () => (isRefused ? Promise.reject(new Error('refused')) : Promise.resolve('one')),
      });
      expect(versions.available).toBe(false);
      expect(versions.store).toBeUndefined();
      await expect(versions.snapshot([])).rejects.toBeInstanceOf(VersionStoreUnavailableError);
      isRefused = false;
      await eventually(() => versions.available);
      expect(versions.store).toEqual(expect.any(String));
    });

    it('makes up for unconfirmed invalidations before it is available, and loses nothing else', async () => {
      const before = await versions.ensureVersions(['a', 'b']);
      versions.markUnconfirmed(['a']);
      await eventually(() => versions.available);
      const after = await versions.ensureVersions(['a', 'b']);
      expect(after.get('a')).not.toBe(before.get('a'));
      expect(after.get('b')).toBe(before.get('b'));
      expect(after.get(EPOCH)).toBe(before.get(EPOCH));
    });

    it('begins a new epoch if the epoch is unconfirmed', async () => {
      const before = (await versions.snapshot([])).get(EPOCH);
      versions.markUnconfirmed([EPOCH]);
      await eventually(() => versions.available);
      expect((await versions.snapshot([])).get(EPOCH)).not.toBe(before);
    });

    it('makes up for very many unconfirmed invalidations', async () => {
      const many = Array.from({ length: 1_001 }, (_, i) => `tag ${i}`);
      const before = await versions.ensureVersions(many);
      versions.markUnconfirmed(many);
      await eventually(() => versions.available);
      const after = await versions.ensureVersions(many);
      const isInvalid = (tag: string): boolean =>
        after.get(EPOCH) !== before.get(EPOCH) || after.get(tag) !== before.get(tag);
      expect(many.every(isInvalid)).toBe(true);
    });

    it('knows no member that has not checked in', async () => {
      expect(await versions.arePresent([])).toBe(true);
      expect(await versions.arePresent(['somebody'])).toBe(false);
    });

    it('grants a lease that nobody holds, and grants it again once it is released', async () => {
      expect(await versions.acquireLease('page')).toBe(true);
      expect(await versions.acquireLease('another page')).toBe(true);
      await versions.releaseLease('page');
      expect(await versions.acquireLease('page')).toBe(true);
    });

    it('is available', () => {
      expect(versions.available).toBe(true);
    });
  });
}
