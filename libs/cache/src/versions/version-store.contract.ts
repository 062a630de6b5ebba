import { eventually } from '../../../../test/support/eventually.js';
import { EPOCH, VersionStoreUnavailableError, type Advance, type VersionStore } from './version-store.js';

/** A versionStore under test, whose pendingWrites live for `pendingWriteLifetime` until `pass` lets that time go by. */
export interface VersionStoreUnderTest {
  readonly versionStore: VersionStore;
  /** Waits, or moves the clock, until every pendingWrite that was announced is past its deadline. */
  readonly passDeadline: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** What every versionStore must do. One suite for all of them. */
export function describeVersionStore(name: string, open: () => Promise<VersionStoreUnderTest>): void {
  describe(`${name} as a versionStore`, () => {
    let test: VersionStoreUnderTest;
    let versionStore: VersionStore;

    beforeEach(async () => {
      test = await open();
      versionStore = test.versionStore;
      await versionStore.open();
    });

    afterEach(() => test.close());

    async function versionOf(tag: string): Promise<string> {
      const version = (await versionStore.ensureVersions([tag])).get(tag);
      if (version === undefined) throw new Error(`${tag} was not observed`);
      return version;
    }

    async function pendingOn(...tags: string[]): Promise<readonly string[]> {
      return (await versionStore.pending(tags)).writeIds;
    }

    it('observes all tags that were asked for, and the epoch', async () => {
      const observed = await versionStore.ensureVersions(['a', 'b']);
      expect([...observed.keys()].sort()).toEqual(['a', 'b', EPOCH]);
      expect(new Set(observed.values()).size).toBe(3);
    });

    it('observes the same versions as long as nobody writes', async () => {
      expect(await versionStore.ensureVersions(['a', 'b'])).toEqual(await versionStore.ensureVersions(['a', 'b']));
    });

    it('gives all who find a version missing at the same time the same replacement', async () => {
      const observed = await Promise.all(Array.from({ length: 20 }, () => versionOf('fresh')));
      expect(new Set(observed).size).toBe(1);
    });

    it('never gives a version twice', async () => {
      const seen = new Set<string>();
      for (let i = 0; i < 50; i += 1) {
        seen.add(await versionOf('a'));
        await versionStore.invalidate(['a']);
      }
      expect(seen.size).toBe(50);
    });

    it('evicts the tags that are named and no others', async () => {
      const before = await versionStore.ensureVersions(['a', 'b', 'c']);
      await versionStore.invalidate(['a', 'b']);
      const after = await versionStore.ensureVersions(['a', 'b', 'c']);
      expect(after.get('a')).not.toBe(before.get('a'));
      expect(after.get('b')).not.toBe(before.get('b'));
      expect(after.get('c')).toBe(before.get('c'));
      expect(after.get(EPOCH)).toBe(before.get(EPOCH));
    });

    it('evicts everything by evicting the epoch', async () => {
      const before = (await versionStore.ensureVersions([])).get(EPOCH);
      await versionStore.invalidate([EPOCH]);
      expect((await versionStore.ensureVersions([])).get(EPOCH)).not.toBe(before);
    });

    it('brings a refreshed version into force while the observed one stands', async () => {
      const observed = await versionOf('a');
      await versionStore.complete(['w'], [{ tag: 'a', refreshed: { observed, version: 'prepared' } }]);
      expect(await versionOf('a')).toBe('prepared');
    });

    it('evicts instead when somebody has written since the version was observed', async () => {
      const observed = await versionOf('a');
      await versionStore.invalidate(['a']);
      const evicted = await versionOf('a');
      await versionStore.complete(['w'], [{ tag: 'a', refreshed: { observed, version: 'prepared' } }]);
      expect(['prepared', observed, evicted]).not.toContain(await versionOf('a'));
    });

    it('brings only one of two versions into force that were prepared at the same time', async () => {
      const observed = await versionOf('a');
      await versionStore.complete(['w1'], [{ tag: 'a', refreshed: { observed, version: 'first' } }]);
      await versionStore.complete(['w2'], [{ tag: 'a', refreshed: { observed, version: 'second' } }]);
      expect(['first', 'second', observed]).not.toContain(await versionOf('a'));
    });

    it('does nothing at all when a advance refuses, because somebody has written since the version was observed', async () => {
      await versionStore.begin({ id: 'w', tags: ['a', 'b'] });
      const before = await versionStore.ensureVersions(['a', 'b', 'c']);
      await versionStore.invalidate(['a']);
      const evicted = await versionOf('a');
      const advances = (observed: string): Advance[] => [
        { tag: 'b' },
        { tag: 'a', refreshed: { observed, version: 'prepared', orRefuse: true } },
        { tag: 'c' },
      ];
      expect(await versionStore.complete(['w'], advances(before.get('a') ?? ''))).toBe(false);
      expect(await versionStore.ensureVersions(['a', 'b', 'c'])).toEqual(new Map([...before, ['a', evicted]]));

      expect(await versionStore.complete(['w'], advances(evicted))).toBe(true);
      expect(await versionOf('a')).toBe('prepared');
      expect(await versionOf('b')).not.toBe(before.get('b'));
      await test.passDeadline();
      expect(await versionStore.sweepExpired()).toEqual([]);
    });

    it('sweeps a write whose settlement was refused', async () => {
      await versionStore.begin({ id: 'w', tags: ['a'] });
      await versionStore.complete(
        ['w'],
        [{ tag: 'a', refreshed: { observed: 'never', version: 'x', orRefuse: true } }],
      );
      await test.passDeadline();
      expect(await versionStore.sweepExpired()).toEqual(['a']);
    });

    it('observes along with an announcement, before the write', async () => {
      const observed = await versionStore.begin({ id: 'w', tags: ['a', 'b'] }, ['a']);
      expect(observed.get('a')).toBe(await versionOf('a'));
      expect(observed.has(EPOCH)).toBe(true);
    });

    it('leaves the tags of an announced write alone until its deadline', async () => {
      const before = await versionOf('a');
      await versionStore.begin({ id: 'w', tags: ['a'] });
      expect(await versionStore.sweepExpired()).toEqual([]);
      expect(await versionOf('a')).toBe(before);
    });

    it('evicts the tags of a write that did not finish by its deadline, once', async () => {
      const before = await versionStore.ensureVersions(['a', 'b', 'c']);
      await versionStore.begin({ id: 'w', tags: ['a', 'b'] });
      await test.passDeadline();
      expect([...(await versionStore.sweepExpired())].sort()).toEqual(['a', 'b']);
      const after = await versionStore.ensureVersions(['a', 'b', 'c']);
      expect(after.get('a')).not.toBe(before.get('a'));
      expect(after.get('b')).not.toBe(before.get('b'));
      expect(after.get('c')).toBe(before.get('c'));
      expect(await versionStore.sweepExpired()).toEqual([]);
    });

    it('does not sweepExpired a write that was settled, whatever came of it', async () => {
      await versionStore.begin({ id: 'committed', tags: ['a'] });
      await versionStore.begin({ id: 'withdrawn', tags: ['b'] });
      await versionStore.complete(['committed'], [{ tag: 'a' }]);
      await versionStore.complete(['withdrawn'], []);
      const before = await versionStore.ensureVersions(['a', 'b']);
      await test.passDeadline();
      expect(await versionStore.sweepExpired()).toEqual([]);
      expect(await versionStore.ensureVersions(['a', 'b'])).toEqual(before);
    });

    it('settles several writes in one step, and applies their advances one after the other', async () => {
      await versionStore.begin({ id: 'w1', tags: ['a'] });
      const observed = await versionStore.begin({ id: 'w2', tags: ['b'] }, ['a', 'b']);
      const [a = '', b = ''] = [observed.get('a'), observed.get('b')];
      await versionStore.complete(
        ['w1', 'w2'],
        [
          { tag: 'a', refreshed: { observed: a, version: 'prepared a' } },
          { tag: 'b' },
          { tag: 'b', refreshed: { observed: b, version: 'prepared b' } },
        ],
      );
      expect(await versionOf('a')).toBe('prepared a');
      expect(['prepared b', b]).not.toContain(await versionOf('b'));
      await test.passDeadline();
      expect(await versionStore.sweepExpired()).toEqual([]);
    });

    it('keeps the pendingWrites of writes apart that touch the same tags', async () => {
      await versionStore.begin({ id: 'w1', tags: ['a'] });
      await versionStore.begin({ id: 'w2', tags: ['a'] });
      await versionStore.complete(['w1'], [{ tag: 'a' }]);
      await test.passDeadline();
      expect(await versionStore.sweepExpired()).toEqual(['a']);
    });

    it('tells the writes under way that touch or make any of the tags', async () => {
      expect(await pendingOn('a')).toEqual([]);
      await versionStore.begin({ id: 'w1', tags: ['a', 'b'] });
      await versionStore.begin({ id: 'w2', tags: ['b'], made: ['c'] });
      expect(await pendingOn('a', 'd')).toEqual(['w1']);
      expect([...(await pendingOn('b'))].sort()).toEqual(['w1', 'w2']);
      expect(await pendingOn('c')).toEqual(['w2']);
      expect(await pendingOn('d')).toEqual([]);
      await versionStore.complete(['w1'], [{ tag: 'a' }]);
      expect(await pendingOn('a', 'b')).toEqual(['w2']);
    });

    it('tells the versions along with the writes under way', async () => {
      const observed = await versionStore.ensureVersions(['a', 'b']);
      expect((await versionStore.pending(['a', 'b'])).observed).toEqual(observed);
      await versionStore.invalidate(['a']);
      expect((await versionStore.pending(['a', 'b'])).observed).toEqual(await versionStore.ensureVersions(['a', 'b']));
    });

    it('evicts, on behalf of somebody else, the tags and what writes under way touch that touch any of them', async () => {
      const before = await versionStore.ensureVersions(['a', 'b', 'c', 'd', 'e']);
      await versionStore.begin({ id: 'w1', tags: ['a', 'b'] });
      await versionStore.begin({ id: 'w2', tags: ['c'], made: ['a'] });
      await versionStore.begin({ id: 'w3', tags: ['d'] });
      await versionStore.invalidateOnBehalf(['a']);
      const after = await versionStore.ensureVersions(['a', 'b', 'c', 'd', 'e']);
      const changed = [...after].filter(([tag, version]) => before.get(tag) !== version).map(([tag]) => tag);
      expect(changed.sort()).toEqual(['a', 'b', 'c']);
      expect([...(await pendingOn('a'))].sort()).toEqual(['w1', 'w2']);
    });

    it('invalidates what expired writes touch that touch any of the tags, once, and nobody waits for them again', async () => {
      const before = await versionStore.ensureVersions(['a', 'b', 'c', 'd', 'e']);
      await versionStore.begin({ id: 'w1', tags: ['a', 'b'] });
      await versionStore.begin({ id: 'w2', tags: ['c'], made: ['a'] });
      await versionStore.begin({ id: 'w3', tags: ['d'] });
      await versionStore.invalidateOverdue(['a']);
      const after = await versionStore.ensureVersions(['a', 'b', 'c', 'd', 'e']);
      const changed = [...after].filter(([tag, version]) => before.get(tag) !== version).map(([tag]) => tag);
      expect(changed.sort()).toEqual(['a', 'b', 'c']);
      expect(new Set(after.values()).size).toBe(after.size);
      expect(await pendingOn('a')).toEqual([]);
      expect(await pendingOn('d')).toEqual(['w3']);

      const page = { tag: 'page', refreshed: { observed: after.get('d') ?? '', version: 'prepared' } };
      await versionStore.invalidateOverdue(['a']);
      await versionStore.complete([], [page], ['a']);
      await versionStore.invalidateOnBehalf(['a']);
      expect((await versionStore.ensureVersions(['b', 'c'])).get('b')).toBe(after.get('b'));
    });

    it('evicts, with what comes into force, what the writes touch that it may show, but for what comes into force', async () => {
      await versionStore.begin({ id: 'w1', tags: ['page', 'order 1'] });
      await versionStore.begin({ id: 'w2', tags: ['page', 'order 2', 'other'], made: ['order 3'] });
      await versionStore.begin({ id: 'w3', tags: ['other'] });
      const tags = ['page', 'order 1', 'order 2', 'order 3', 'other', 'epoch'];
      const before = await versionStore.ensureVersions(tags);
      const observed = before.get('page') ?? '';
      const page = { tag: 'page', refreshed: { observed, version: 'prepared' } };
      expect(await versionStore.complete(['w1'], [page, { tag: 'order 1' }], ['page'])).toBe(true);
      const after = await versionStore.ensureVersions(tags);
      expect(after.get('page')).toBe('prepared');
      const changed = [...after].filter(([tag, version]) => before.get(tag) !== version).map(([tag]) => tag);
      expect(changed.sort()).toEqual(['order 1', 'order 2', 'other', 'page']);
    });

    it('keeps what was made anew in the same step, whether or not it is shown', async () => {
      await versionStore.begin({ id: 'w', tags: ['page', 'counts', 'order'] });
      const before = await versionStore.ensureVersions(['page', 'counts', 'order']);
      const advances = ['page', 'counts'].map((tag) => ({
        tag,
        refreshed: { observed: before.get(tag) ?? '', version: `prepared ${tag}`, orRefuse: true },
      }));
      await versionStore.complete([], advances, ['page']);
      const after = await versionStore.ensureVersions(['page', 'counts', 'order']);
      expect(after.get('page')).toBe('prepared page');
      expect(after.get('counts')).toBe('prepared counts');
      expect(after.get('order')).not.toBe(before.get('order'));
    });

    it('evicts what a write touches that shares nothing but what is shown and not moved on', async () => {
      await versionStore.begin({ id: 'w', tags: ['shown', 'order'] });
      const before = await versionStore.ensureVersions(['shown', 'order', 'page']);
      const page = { tag: 'page', refreshed: { observed: before.get('page') ?? '', version: 'prepared' } };
      await versionStore.complete([], [page], ['page', 'shown']);
      const after = await versionStore.ensureVersions(['shown', 'order', 'page']);
      expect(after.get('page')).toBe('prepared');
      expect(after.get('shown')).not.toBe(before.get('shown'));
      expect(after.get('order')).not.toBe(before.get('order'));
    });

    it('invalidates what an expired write touches again when it finishes', async () => {
      await versionStore.begin({ id: 'w', tags: ['a'] });
      await versionStore.invalidateOverdue(['a']);
      const before = await versionOf('a');
      await versionStore.complete(['w'], [{ tag: 'a' }]);
      expect(await versionOf('a')).not.toBe(before);
      await test.passDeadline();
      expect(await versionStore.sweepExpired()).toEqual([]);
    });

    it('invalidates what an expired write touches again at its deadline', async () => {
      await versionStore.begin({ id: 'w', tags: ['a', 'b'] });
      await versionStore.invalidateOverdue(['a']);
      const before = await versionOf('b');
      await test.passDeadline();
      expect([...(await versionStore.sweepExpired())].sort()).toEqual(['a', 'b']);
      expect(await versionOf('b')).not.toBe(before);
    });

    it('observes the epoch and what has a version, and creates none', async () => {
      await versionStore.invalidate(['a']);
      expect([...(await versionStore.observe(['a', 'b'])).keys()].sort()).toEqual(['a', EPOCH]);
      expect([...(await versionStore.observe(['b'])).keys()]).toEqual([EPOCH]);
      expect(await versionStore.observe(['a'])).toEqual(await versionStore.ensureVersions(['a']));
    });

    /** A versionStore that is not open yet, in the place of the one that is. */
    async function anew(): Promise<VersionStore> {
      await test.close();
      test = await open();
      return test.versionStore;
    }

    it('keeps everything when it is admitted again for the same', async () => {
      versionStore = await anew();
      await versionStore.open({ admit: () => Promise.resolve('one') });
      const before = await versionStore.ensureVersions(['a', 'b']);
      versionStore.revalidate('a test');
      await eventually(() => versionStore.available);
      expect(await versionStore.ensureVersions(['a', 'b'])).toEqual(before);
    });

    it('begins a new epoch when it is admitted for something else', async () => {
      let label = 'one';
      versionStore = await anew();
      await versionStore.open({ admit: () => Promise.resolve(label) });
      const before = await versionStore.ensureVersions(['a']);
      label = 'two';
      versionStore.revalidate('a test');
      await eventually(() => versionStore.available);
      const after = await versionStore.ensureVersions(['a']);
      expect(after.get(EPOCH)).not.toBe(before.get(EPOCH));
      expect(after.get('a')).toBe(before.get('a'));
    });

    it('is not available while it is refused', async () => {
      let isRefused = true;
      versionStore = await anew();
      await versionStore.open({
        admit: () => (isRefused ? Promise.reject(new Error('refused')) : Promise.resolve('one')),
      });
      expect(versionStore.available).toBe(false);
      expect(versionStore.store).toBeUndefined();
      await expect(versionStore.observe([])).rejects.toBeInstanceOf(VersionStoreUnavailableError);
      isRefused = false;
      await eventually(() => versionStore.available);
      expect(versionStore.store).toEqual(expect.any(String));
    });

    it('makes up for what is unconfirmed before it is available again, and loses nothing else', async () => {
      const before = await versionStore.ensureVersions(['a', 'b']);
      versionStore.markUnconfirmed(['a']);
      expect(versionStore.available).toBe(false);
      await eventually(() => versionStore.available);
      const after = await versionStore.ensureVersions(['a', 'b']);
      expect(after.get('a')).not.toBe(before.get('a'));
      expect(after.get('b')).toBe(before.get('b'));
      expect(after.get(EPOCH)).toBe(before.get(EPOCH));
    });

    it('begins a new epoch when that is unconfirmed, or so much that it is not worth telling apart', async () => {
      for (const unconfirmed of [[EPOCH], Array.from({ length: 1_001 }, (_, i) => `tag ${i}`)]) {
        const before = (await versionStore.observe([])).get(EPOCH);
        versionStore.markUnconfirmed(unconfirmed);
        await eventually(() => versionStore.available);
        expect((await versionStore.observe([])).get(EPOCH)).not.toBe(before);
      }
    });

    it('knows no member that has left no sign', async () => {
      expect(await versionStore.arePresent([])).toBe(true);
      expect(await versionStore.arePresent(['somebody'])).toBe(false);
    });

    it('is available', () => {
      expect(versionStore.available).toBe(true);
    });
  });
}
