import { EPOCH, type Flip, type Ledger } from './ledger.js';

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
    });

    afterEach(() => test.close());

    async function versionOf(tag: string): Promise<string> {
      const version = (await ledger.observe([tag])).get(tag);
      if (version === undefined) throw new Error(`${tag} was not observed`);
      return version;
    }

    async function pendingOn(...tags: string[]): Promise<readonly string[]> {
      return (await ledger.pending(tags)).intentIds;
    }

    it('observes all tags that were asked for, and the epoch', async () => {
      const observed = await ledger.observe(['a', 'b']);
      expect([...observed.keys()].sort()).toEqual(['a', 'b', EPOCH]);
      expect(new Set(observed.values()).size).toBe(3);
    });

    it('observes the same versions as long as nobody writes', async () => {
      expect(await ledger.observe(['a', 'b'])).toEqual(await ledger.observe(['a', 'b']));
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
      const before = await ledger.observe(['a', 'b', 'c']);
      await ledger.evict(['a', 'b']);
      const after = await ledger.observe(['a', 'b', 'c']);
      expect(after.get('a')).not.toBe(before.get('a'));
      expect(after.get('b')).not.toBe(before.get('b'));
      expect(after.get('c')).toBe(before.get('c'));
      expect(after.get(EPOCH)).toBe(before.get(EPOCH));
    });

    it('evicts everything by evicting the epoch', async () => {
      const before = (await ledger.observe([])).get(EPOCH);
      await ledger.evict([EPOCH]);
      expect((await ledger.observe([])).get(EPOCH)).not.toBe(before);
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
      const before = await ledger.observe(['a', 'b', 'c']);
      await ledger.evict(['a']);
      const evicted = await versionOf('a');
      const flips = (observed: string): Flip[] => [
        { tag: 'b' },
        { tag: 'a', refreshed: { observed, version: 'prepared', orRefuse: true } },
        { tag: 'c' },
      ];
      expect(await ledger.settle(['w'], flips(before.get('a') ?? ''))).toBe(false);
      expect(await ledger.observe(['a', 'b', 'c'])).toEqual(new Map([...before, ['a', evicted]]));

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
      const before = await ledger.observe(['a', 'b', 'c']);
      await ledger.announce({ id: 'w', tags: ['a', 'b'] });
      await test.passDeadline();
      expect([...(await ledger.sweep())].sort()).toEqual(['a', 'b']);
      const after = await ledger.observe(['a', 'b', 'c']);
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
      const before = await ledger.observe(['a', 'b']);
      await test.passDeadline();
      expect(await ledger.sweep()).toEqual([]);
      expect(await ledger.observe(['a', 'b'])).toEqual(before);
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
      const observed = await ledger.observe(['a', 'b']);
      expect((await ledger.pending(['a', 'b'])).observed).toEqual(observed);
      await ledger.evict(['a']);
      expect((await ledger.pending(['a', 'b'])).observed).toEqual(await ledger.observe(['a', 'b']));
    });

    it('evicts, on behalf of somebody else, the tags and what writes under way touch that touch any of them', async () => {
      const before = await ledger.observe(['a', 'b', 'c', 'd', 'e']);
      await ledger.announce({ id: 'w1', tags: ['a', 'b'] });
      await ledger.announce({ id: 'w2', tags: ['c'], made: ['a'] });
      await ledger.announce({ id: 'w3', tags: ['d'] });
      await ledger.evictOnBehalf(['a']);
      const after = await ledger.observe(['a', 'b', 'c', 'd', 'e']);
      const changed = [...after].filter(([tag, version]) => before.get(tag) !== version).map(([tag]) => tag);
      expect(changed.sort()).toEqual(['a', 'b', 'c']);
      expect([...(await pendingOn('a'))].sort()).toEqual(['w1', 'w2']);
    });

    it('evicts all that those writes touch which touch any of the tags, and leaves them under way', async () => {
      const before = await ledger.observe(['a', 'b', 'c', 'd', 'e']);
      await ledger.announce({ id: 'w1', tags: ['a', 'b'] });
      await ledger.announce({ id: 'w2', tags: ['c'], made: ['a'] });
      await ledger.announce({ id: 'w3', tags: ['d'] });
      await ledger.evictPending(['a']);
      const after = await ledger.observe(['a', 'b', 'c', 'd', 'e']);
      const changed = [...after].filter(([tag, version]) => before.get(tag) !== version).map(([tag]) => tag);
      expect(changed.sort()).toEqual(['a', 'b', 'c']);
      expect(new Set(after.values()).size).toBe(after.size);
      expect([...(await pendingOn('a'))].sort()).toEqual(['w1', 'w2']);
    });

    it('evicts, with what comes into force, what the writes touch that it may show, but for what comes into force', async () => {
      await ledger.announce({ id: 'w1', tags: ['page', 'order 1'] });
      await ledger.announce({ id: 'w2', tags: ['page', 'order 2', 'other'], made: ['order 3'] });
      await ledger.announce({ id: 'w3', tags: ['other'] });
      const tags = ['page', 'order 1', 'order 2', 'order 3', 'other', 'epoch'];
      const before = await ledger.observe(tags);
      const observed = before.get('page') ?? '';
      const page = { tag: 'page', refreshed: { observed, version: 'prepared' } };
      expect(await ledger.settle(['w1'], [page, { tag: 'order 1' }], ['page'])).toBe(true);
      const after = await ledger.observe(tags);
      expect(after.get('page')).toBe('prepared');
      const changed = [...after].filter(([tag, version]) => before.get(tag) !== version).map(([tag]) => tag);
      expect(changed.sort()).toEqual(['order 1', 'order 2', 'other', 'page']);
    });

    it('keeps what was made anew in the same step, whether or not it is shown', async () => {
      await ledger.announce({ id: 'w', tags: ['page', 'counts', 'order'] });
      const before = await ledger.observe(['page', 'counts', 'order']);
      const flips = ['page', 'counts'].map((tag) => ({
        tag,
        refreshed: { observed: before.get(tag) ?? '', version: `prepared ${tag}`, orRefuse: true },
      }));
      await ledger.settle([], flips, ['page']);
      const after = await ledger.observe(['page', 'counts', 'order']);
      expect(after.get('page')).toBe('prepared page');
      expect(after.get('counts')).toBe('prepared counts');
      expect(after.get('order')).not.toBe(before.get('order'));
    });

    it('evicts what a write touches that shares nothing but what is shown and not moved on', async () => {
      await ledger.announce({ id: 'w', tags: ['shown', 'order'] });
      const before = await ledger.observe(['shown', 'order', 'page']);
      const page = { tag: 'page', refreshed: { observed: before.get('page') ?? '', version: 'prepared' } };
      await ledger.settle([], [page], ['page', 'shown']);
      const after = await ledger.observe(['shown', 'order', 'page']);
      expect(after.get('page')).toBe('prepared');
      expect(after.get('shown')).not.toBe(before.get('shown'));
      expect(after.get('order')).not.toBe(before.get('order'));
    });

    it('is available', () => {
      expect(ledger.available).toBe(true);
    });
  });
}
