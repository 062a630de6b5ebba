import { eventually } from '../../../../test/support/eventually.js';
import { EPOCH, LedgerUnavailableError, type Flip, type Ledger } from './ledger.js';

/** A ledger under test, whose intents live for `intentLifetime` until `pass` lets that time go by. */
export interface LedgerUnderTest {
  readonly ledger: Ledger;
  /** Waits, or moves the clock, until every intent that was announced is past its deadline. */
  readonly passDeadline: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** What every ledger must do. One suite for all of them. */
export function describeLedger(name: string, open: () => Promise<LedgerUnderTest>): void {
  describe(`${name} as a ledger`, () => {
    let test: LedgerUnderTest;
    let ledger: Ledger;

    beforeEach(async () => {
      test = await open();
      ledger = test.ledger;
      await ledger.open();
    });

    afterEach(() => test.close());

    async function versionOf(tag: string): Promise<string> {
      const version = (await ledger.provide([tag])).get(tag);
      if (version === undefined) throw new Error(`${tag} was not observed`);
      return version;
    }

    async function pendingOn(...tags: string[]): Promise<readonly string[]> {
      return (await ledger.pending(tags)).intentIds;
    }

    it('observes all tags that were asked for, and the epoch', async () => {
      const observed = await ledger.provide(['a', 'b']);
      expect([...observed.keys()].sort()).toEqual(['a', 'b', EPOCH]);
      expect(new Set(observed.values()).size).toBe(3);
    });

    it('observes the same versions as long as nobody writes', async () => {
      expect(await ledger.provide(['a', 'b'])).toEqual(await ledger.provide(['a', 'b']));
    });

    it('gives all who find a version missing at the same time the same replacement', async () => {
      const observed = await Promise.all(Array.from({ length: 20 }, () => versionOf('fresh')));
      expect(new Set(observed).size).toBe(1);
    });

    it('never gives a version twice', async () => {
      const seen = new Set<string>();
      for (let i = 0; i < 50; i += 1) {
        seen.add(await versionOf('a'));
        await ledger.evict(['a']);
      }
      expect(seen.size).toBe(50);
    });

    it('evicts the tags that are named and no others', async () => {
      const before = await ledger.provide(['a', 'b', 'c']);
      await ledger.evict(['a', 'b']);
      const after = await ledger.provide(['a', 'b', 'c']);
      expect(after.get('a')).not.toBe(before.get('a'));
      expect(after.get('b')).not.toBe(before.get('b'));
      expect(after.get('c')).toBe(before.get('c'));
      expect(after.get(EPOCH)).toBe(before.get(EPOCH));
    });

    it('evicts everything by evicting the epoch', async () => {
      const before = (await ledger.provide([])).get(EPOCH);
      await ledger.evict([EPOCH]);
      expect((await ledger.provide([])).get(EPOCH)).not.toBe(before);
    });

    it('brings a refreshed version into force while the observed one stands', async () => {
      const observed = await versionOf('a');
      await ledger.settle(['w'], [{ tag: 'a', refreshed: { observed, version: 'prepared' } }]);
      expect(await versionOf('a')).toBe('prepared');
    });

    it('evicts instead when somebody has written since the version was observed', async () => {
      const observed = await versionOf('a');
      await ledger.evict(['a']);
      const evicted = await versionOf('a');
      await ledger.settle(['w'], [{ tag: 'a', refreshed: { observed, version: 'prepared' } }]);
      expect(['prepared', observed, evicted]).not.toContain(await versionOf('a'));
    });

    it('brings only one of two versions into force that were prepared at the same time', async () => {
      const observed = await versionOf('a');
      await ledger.settle(['w1'], [{ tag: 'a', refreshed: { observed, version: 'first' } }]);
      await ledger.settle(['w2'], [{ tag: 'a', refreshed: { observed, version: 'second' } }]);
      expect(['first', 'second', observed]).not.toContain(await versionOf('a'));
    });

    it('does nothing at all when a flip refuses, because somebody has written since the version was observed', async () => {
      await ledger.announce({ id: 'w', tags: ['a', 'b'] });
      const before = await ledger.provide(['a', 'b', 'c']);
      await ledger.evict(['a']);
      const evicted = await versionOf('a');
      const flips = (observed: string): Flip[] => [
        { tag: 'b' },
        { tag: 'a', refreshed: { observed, version: 'prepared', orRefuse: true } },
        { tag: 'c' },
      ];
      expect(await ledger.settle(['w'], flips(before.get('a') ?? ''))).toBe(false);
      expect(await ledger.provide(['a', 'b', 'c'])).toEqual(new Map([...before, ['a', evicted]]));

      expect(await ledger.settle(['w'], flips(evicted))).toBe(true);
      expect(await versionOf('a')).toBe('prepared');
      expect(await versionOf('b')).not.toBe(before.get('b'));
      await test.passDeadline();
      expect(await ledger.sweep()).toEqual([]);
    });

    it('sweeps a write whose settlement was refused', async () => {
      await ledger.announce({ id: 'w', tags: ['a'] });
      await ledger.settle(['w'], [{ tag: 'a', refreshed: { observed: 'never', version: 'x', orRefuse: true } }]);
      await test.passDeadline();
      expect(await ledger.sweep()).toEqual(['a']);
    });

    it('observes along with an announcement, before the write', async () => {
      const observed = await ledger.announce({ id: 'w', tags: ['a', 'b'] }, ['a']);
      expect(observed.get('a')).toBe(await versionOf('a'));
      expect(observed.has(EPOCH)).toBe(true);
    });

    it('leaves the tags of an announced write alone until its deadline', async () => {
      const before = await versionOf('a');
      await ledger.announce({ id: 'w', tags: ['a'] });
      expect(await ledger.sweep()).toEqual([]);
      expect(await versionOf('a')).toBe(before);
    });

    it('evicts the tags of a write that did not finish by its deadline, once', async () => {
      const before = await ledger.provide(['a', 'b', 'c']);
      await ledger.announce({ id: 'w', tags: ['a', 'b'] });
      await test.passDeadline();
      expect([...(await ledger.sweep())].sort()).toEqual(['a', 'b']);
      const after = await ledger.provide(['a', 'b', 'c']);
      expect(after.get('a')).not.toBe(before.get('a'));
      expect(after.get('b')).not.toBe(before.get('b'));
      expect(after.get('c')).toBe(before.get('c'));
      expect(await ledger.sweep()).toEqual([]);
    });

    it('does not sweep a write that was settled, whatever came of it', async () => {
      await ledger.announce({ id: 'committed', tags: ['a'] });
      await ledger.announce({ id: 'withdrawn', tags: ['b'] });
      await ledger.settle(['committed'], [{ tag: 'a' }]);
      await ledger.settle(['withdrawn'], []);
      const before = await ledger.provide(['a', 'b']);
      await test.passDeadline();
      expect(await ledger.sweep()).toEqual([]);
      expect(await ledger.provide(['a', 'b'])).toEqual(before);
    });

    it('settles several writes in one step, and applies their flips one after the other', async () => {
      await ledger.announce({ id: 'w1', tags: ['a'] });
      const observed = await ledger.announce({ id: 'w2', tags: ['b'] }, ['a', 'b']);
      const [a = '', b = ''] = [observed.get('a'), observed.get('b')];
      await ledger.settle(
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
      expect(await ledger.sweep()).toEqual([]);
    });

    it('keeps the intents of writes apart that touch the same tags', async () => {
      await ledger.announce({ id: 'w1', tags: ['a'] });
      await ledger.announce({ id: 'w2', tags: ['a'] });
      await ledger.settle(['w1'], [{ tag: 'a' }]);
      await test.passDeadline();
      expect(await ledger.sweep()).toEqual(['a']);
    });

    it('tells the writes under way that touch or make any of the tags', async () => {
      expect(await pendingOn('a')).toEqual([]);
      await ledger.announce({ id: 'w1', tags: ['a', 'b'] });
      await ledger.announce({ id: 'w2', tags: ['b'], made: ['c'] });
      expect(await pendingOn('a', 'd')).toEqual(['w1']);
      expect([...(await pendingOn('b'))].sort()).toEqual(['w1', 'w2']);
      expect(await pendingOn('c')).toEqual(['w2']);
      expect(await pendingOn('d')).toEqual([]);
      await ledger.settle(['w1'], [{ tag: 'a' }]);
      expect(await pendingOn('a', 'b')).toEqual(['w2']);
    });

    it('tells the versions along with the writes under way', async () => {
      const observed = await ledger.provide(['a', 'b']);
      expect((await ledger.pending(['a', 'b'])).observed).toEqual(observed);
      await ledger.evict(['a']);
      expect((await ledger.pending(['a', 'b'])).observed).toEqual(await ledger.provide(['a', 'b']));
    });

    it('evicts, on behalf of somebody else, the tags and what writes under way touch that touch any of them', async () => {
      const before = await ledger.provide(['a', 'b', 'c', 'd', 'e']);
      await ledger.announce({ id: 'w1', tags: ['a', 'b'] });
      await ledger.announce({ id: 'w2', tags: ['c'], made: ['a'] });
      await ledger.announce({ id: 'w3', tags: ['d'] });
      await ledger.evictOnBehalf(['a']);
      const after = await ledger.provide(['a', 'b', 'c', 'd', 'e']);
      const changed = [...after].filter(([tag, version]) => before.get(tag) !== version).map(([tag]) => tag);
      expect(changed.sort()).toEqual(['a', 'b', 'c']);
      expect([...(await pendingOn('a'))].sort()).toEqual(['w1', 'w2']);
    });

    it('invalidates what overdue writes touch that touch any of the tags, once, and nobody waits for them again', async () => {
      const before = await ledger.provide(['a', 'b', 'c', 'd', 'e']);
      await ledger.announce({ id: 'w1', tags: ['a', 'b'] });
      await ledger.announce({ id: 'w2', tags: ['c'], made: ['a'] });
      await ledger.announce({ id: 'w3', tags: ['d'] });
      await ledger.overtake(['a']);
      const after = await ledger.provide(['a', 'b', 'c', 'd', 'e']);
      const changed = [...after].filter(([tag, version]) => before.get(tag) !== version).map(([tag]) => tag);
      expect(changed.sort()).toEqual(['a', 'b', 'c']);
      expect(new Set(after.values()).size).toBe(after.size);
      expect(await pendingOn('a')).toEqual([]);
      expect(await pendingOn('d')).toEqual(['w3']);

      const page = { tag: 'page', refreshed: { observed: after.get('d') ?? '', version: 'prepared' } };
      await ledger.overtake(['a']);
      await ledger.settle([], [page], ['a']);
      await ledger.evictOnBehalf(['a']);
      expect((await ledger.provide(['b', 'c'])).get('b')).toBe(after.get('b'));
    });

    it('evicts, with what comes into force, what the writes touch that it may show, but for what comes into force', async () => {
      await ledger.announce({ id: 'w1', tags: ['page', 'order 1'] });
      await ledger.announce({ id: 'w2', tags: ['page', 'order 2', 'other'], made: ['order 3'] });
      await ledger.announce({ id: 'w3', tags: ['other'] });
      const tags = ['page', 'order 1', 'order 2', 'order 3', 'other', 'epoch'];
      const before = await ledger.provide(tags);
      const observed = before.get('page') ?? '';
      const page = { tag: 'page', refreshed: { observed, version: 'prepared' } };
      expect(await ledger.settle(['w1'], [page, { tag: 'order 1' }], ['page'])).toBe(true);
      const after = await ledger.provide(tags);
      expect(after.get('page')).toBe('prepared');
      const changed = [...after].filter(([tag, version]) => before.get(tag) !== version).map(([tag]) => tag);
      expect(changed.sort()).toEqual(['order 1', 'order 2', 'other', 'page']);
    });

    it('keeps what was made anew in the same step, whether or not it is shown', async () => {
      await ledger.announce({ id: 'w', tags: ['page', 'counts', 'order'] });
      const before = await ledger.provide(['page', 'counts', 'order']);
      const flips = ['page', 'counts'].map((tag) => ({
        tag,
        refreshed: { observed: before.get(tag) ?? '', version: `prepared ${tag}`, orRefuse: true },
      }));
      await ledger.settle([], flips, ['page']);
      const after = await ledger.provide(['page', 'counts', 'order']);
      expect(after.get('page')).toBe('prepared page');
      expect(after.get('counts')).toBe('prepared counts');
      expect(after.get('order')).not.toBe(before.get('order'));
    });

    it('evicts what a write touches that shares nothing but what is shown and not moved on', async () => {
      await ledger.announce({ id: 'w', tags: ['shown', 'order'] });
      const before = await ledger.provide(['shown', 'order', 'page']);
      const page = { tag: 'page', refreshed: { observed: before.get('page') ?? '', version: 'prepared' } };
      await ledger.settle([], [page], ['page', 'shown']);
      const after = await ledger.provide(['shown', 'order', 'page']);
      expect(after.get('page')).toBe('prepared');
      expect(after.get('shown')).not.toBe(before.get('shown'));
      expect(after.get('order')).not.toBe(before.get('order'));
    });

    it('invalidates what an overdue write touches again when it finishes', async () => {
      await ledger.announce({ id: 'w', tags: ['a'] });
      await ledger.overtake(['a']);
      const before = await versionOf('a');
      await ledger.settle(['w'], [{ tag: 'a' }]);
      expect(await versionOf('a')).not.toBe(before);
      await test.passDeadline();
      expect(await ledger.sweep()).toEqual([]);
    });

    it('invalidates what an overdue write touches again at its deadline', async () => {
      await ledger.announce({ id: 'w', tags: ['a', 'b'] });
      await ledger.overtake(['a']);
      const before = await versionOf('b');
      await test.passDeadline();
      expect([...(await ledger.sweep())].sort()).toEqual(['a', 'b']);
      expect(await versionOf('b')).not.toBe(before);
    });

    it('observes the epoch and what has a version, and creates none', async () => {
      await ledger.evict(['a']);
      expect([...(await ledger.observe(['a', 'b'])).keys()].sort()).toEqual(['a', EPOCH]);
      expect([...(await ledger.observe(['b'])).keys()]).toEqual([EPOCH]);
      expect(await ledger.observe(['a'])).toEqual(await ledger.provide(['a']));
    });

    /** A ledger that is not open yet, in the place of the one that is. */
    async function anew(): Promise<Ledger> {
      await test.close();
      test = await open();
      return test.ledger;
    }

    it('keeps everything when it is admitted again for the same', async () => {
      ledger = await anew();
      await ledger.open({ admit: () => Promise.resolve('one') });
      const before = await ledger.provide(['a', 'b']);
      ledger.readmit('a test');
      await eventually(() => ledger.available);
      expect(await ledger.provide(['a', 'b'])).toEqual(before);
    });

    it('begins a new epoch when it is admitted for something else', async () => {
      let label = 'one';
      ledger = await anew();
      await ledger.open({ admit: () => Promise.resolve(label) });
      const before = await ledger.provide(['a']);
      label = 'two';
      ledger.readmit('a test');
      await eventually(() => ledger.available);
      const after = await ledger.provide(['a']);
      expect(after.get(EPOCH)).not.toBe(before.get(EPOCH));
      expect(after.get('a')).toBe(before.get('a'));
    });

    it('is not available while it is refused', async () => {
      let isRefused = true;
      ledger = await anew();
      await ledger.open({ admit: () => (isRefused ? Promise.reject(new Error('refused')) : Promise.resolve('one')) });
      expect(ledger.available).toBe(false);
      expect(ledger.store).toBeUndefined();
      await expect(ledger.observe([])).rejects.toBeInstanceOf(LedgerUnavailableError);
      isRefused = false;
      await eventually(() => ledger.available);
      expect(ledger.store).toEqual(expect.any(String));
    });

    it('makes up for what is unconfirmed before it is available again, and loses nothing else', async () => {
      const before = await ledger.provide(['a', 'b']);
      ledger.owe(['a']);
      expect(ledger.available).toBe(false);
      await eventually(() => ledger.available);
      const after = await ledger.provide(['a', 'b']);
      expect(after.get('a')).not.toBe(before.get('a'));
      expect(after.get('b')).toBe(before.get('b'));
      expect(after.get(EPOCH)).toBe(before.get(EPOCH));
    });

    it('begins a new epoch when that is unconfirmed, or so much that it is not worth telling apart', async () => {
      for (const owed of [[EPOCH], Array.from({ length: 1_001 }, (_, i) => `tag ${i}`)]) {
        const before = (await ledger.observe([])).get(EPOCH);
        ledger.owe(owed);
        await eventually(() => ledger.available);
        expect((await ledger.observe([])).get(EPOCH)).not.toBe(before);
      }
    });

    it('knows no member that has left no sign', async () => {
      expect(await ledger.areIn([])).toBe(true);
      expect(await ledger.areIn(['somebody'])).toBe(false);
    });

    it('is available', () => {
      expect(ledger.available).toBe(true);
    });
  });
}
