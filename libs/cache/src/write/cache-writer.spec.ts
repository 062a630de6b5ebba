import { cacheParts } from '../../../../test/support/cache-parts.js';
import { eventually } from '../../../../test/support/eventually.js';
import { toCachedResponse } from '../entries/cached-response.js';
import { Backplane, CutOffError, InvalidationNotRelayedError } from '../versions/backplane.js';
import { MemoryVersionStore } from '../versions/memory-version-store.js';
import { EPOCH, VersionStoreUnavailableError } from '../versions/version-store.js';
import type { WriteOutcome } from './cache-writer.js';

class TestBackplane extends Backplane {
  readonly mayAnswer = true;
  isMember = true;

  constructor(private readonly onRelay: (tags: readonly string[]) => Promise<void> = () => Promise.resolve()) {
    super();
  }

  override admit(store: string): Promise<string> {
    return Promise.resolve(store);
  }

  override relay(tags: readonly string[]): Promise<void> {
    return this.onRelay(tags);
  }
}

/** A version store and an L2 at a distance: all that is asked for at the same time shares a round trip. */
class Distance {
  trips = 0;
  private trip: Promise<void> | undefined;

  constructor({ versions, entries }: ReturnType<typeof cacheParts>) {
    this.keep(versions, ['begin', 'complete', 'ensureVersions', 'pending', 'acquireLease', 'releaseLease']);
    this.keep(entries, ['prepare']);
  }

  private keep<T extends object>(target: T, names: readonly (keyof T)[]): void {
    for (const name of names) {
      const method = (target[name] as (...args: unknown[]) => Promise<unknown>).bind(target);
      Object.assign(target, { [name]: async (...args: unknown[]) => this.travel().then(() => method(...args)) });
    }
  }

  private travel(): Promise<void> {
    this.trip ??= new Promise((resolve) =>
      setImmediate(() => {
        this.trip = undefined;
        this.trips += 1;
        resolve();
      }),
    );
    return this.trip;
  }
}

class RolledBackError extends Error {}

const question = { key: 'order 7', tags: ['order:7'] };
const created = [{ keys: [question.key], value: 'written through' }];

describe('CacheWriter', () => {
  let now: number;
  let versions: MemoryVersionStore;
  let parts: ReturnType<typeof cacheParts>;

  beforeEach(() => {
    now = 0;
    versions = new MemoryVersionStore({ pendingWriteLifetime: 1_000, now: () => now });
    parts = partsWith();
  });

  function partsWith(backplane?: Backplane): ReturnType<typeof cacheParts> {
    const options = { pendingWriteTimeout: 50, isRolledBack: (error: unknown) => error instanceof RolledBackError };
    return cacheParts({ versions, options, ...(backplane ? { backplane } : {}) });
  }

  async function read(key = question.key): Promise<string> {
    const load = () => Promise.resolve(toCachedResponse('from the source'));
    const { response, outcome } = await parts.responses.get({ ...question, key }, load);
    return `${outcome.kind}: ${JSON.parse(response.identity.body.toString()) as string}`;
  }

  /** Creates order 7, which changes the list. */
  function create(
    transaction: () => Promise<unknown> = () => Promise.resolve(),
    outcome: WriteOutcome = { created },
  ): Promise<unknown> {
    return parts.writer.write({ tags: ['list'], creates: 'order:7', transaction, outcome: () => outcome });
  }

  it('returns what the transaction gives', async () => {
    expect(await parts.writer.write({ tags: ['list'], transaction: () => Promise.resolve(7) })).toBe(7);
  });

  it('makes what was created current', async () => {
    await create();
    expect(await read()).toBe('hit: written through');
  });

  it('makes each view of what was created current under its own keys', async () => {
    await create(undefined, { created: [{ keys: ['another view'], value: 'in part' }, ...created] });
    expect(await read()).toBe('hit: written through');
    expect(await read('another view')).toBe('hit: in part');
  });

  describe('waits for two round trips', () => {
    let distance: Distance;

    beforeEach(async () => {
      parts = cacheParts({ versions, options: { redisUrl: 'redis://far-away' } });
      parts.refreshOnWrite.register(() => ({ key: 'list', tags: ['list'], load: () => Promise.resolve('refreshed') }));
      await read();
      distance = new Distance(parts);
    });

    it('if it creates something', async () => {
      await parts.writer.write({
        tags: ['other'],
        creates: 'order:7',
        transaction: () => Promise.resolve(),
        outcome: () => ({ created }),
      });
      expect(distance.trips).toBe(2);
      expect(await read()).toBe('hit: written through');
    });

    it('if it refreshes something', async () => {
      await parts.writer.write({ tags: ['list'], transaction: () => Promise.resolve() });
      expect(distance.trips).toBe(2);
      const load = () => Promise.resolve(toCachedResponse('from the source'));
      const { response, outcome } = await parts.responses.get({ key: 'list', tags: ['list'] }, load);
      expect(outcome.kind).toBe('hit');
      expect(response.identity.body.toString()).toBe('"refreshed"');
    });
  });

  it('invalidates the tags of the write after its transaction', async () => {
    const before = (await versions.snapshot(['list'])).get('list');
    let during: string | undefined;
    await create(async () => (during = (await versions.snapshot(['list'])).get('list')));
    expect(during).toBe(before);
    expect((await versions.snapshot(['list'])).get('list')).not.toBe(before);
  });

  it('invalidates what the transaction has changed, and nothing else that it might have changed', async () => {
    const before = await versions.ensureVersions(['a', 'b']);
    const transaction = () => Promise.resolve();
    await parts.writer.write({ tags: ['a', 'b'], transaction, outcome: () => ({ tags: ['a'] }) });
    const after = await versions.ensureVersions(['a', 'b']);
    expect(after.get('a')).not.toBe(before.get('a'));
    expect(after.get('b')).toBe(before.get('b'));
  });

  it('leaves the last word to a change of the order between its commit and the end of its creation', async () => {
    await create(() => versions.invalidate(['order:7']));
    expect(await read()).toBe('miss: from the source');
  });

  it('makes nothing current if a new epoch began meanwhile', async () => {
    await create(() => versions.invalidate([EPOCH]));
    expect(await read()).toBe('miss: from the source');
  });

  it('replaces what a reader stores between the commit and the end of the creation', async () => {
    // However slow the machine is, the reader waits for the write.
    parts = cacheParts({ versions, options: { pendingWriteTimeout: 60_000 } });
    let reading: Promise<string> | undefined;
    await create(() => {
      reading = read();
      return eventually(() => parts.events({ type: 'load' }) === 1);
    });
    expect(await reading).toBe('miss: from the source');
    expect(await read()).toBe('hit: written through');
  });

  it.each([
    ['the write tells nothing of it', () => create(undefined, {})],
    ['the write tells other tags', () => create(undefined, { tags: ['list'] })],
    [
      'nobody knows whether it was created',
      () => create(() => Promise.reject(new Error('lost'))).catch(() => undefined),
    ],
    [
      'what was created cannot be stored',
      () => create(undefined, { created: [{ keys: ['a'], value: undefined }] }).catch(() => undefined),
    ],
  ])('invalidates what was cached as missing, if %s', async (_, write) => {
    await read();
    expect(await read()).toBe('hit: from the source');
    await write();
    expect(await read()).toBe('miss: from the source');
  });

  it('refuses tags and keys that are not well-formed text before the transaction', async () => {
    let began = 0;
    const transaction = (): Promise<void> => {
      began += 1;
      return Promise.resolve();
    };
    await expect(parts.writer.write({ tags: ['a\ud800'], transaction })).rejects.toThrow('well-formed');
    await expect(parts.writer.write({ tags: [], creates: 'a\ud800', transaction })).rejects.toThrow('well-formed');
    await expect(parts.writer.invalidate(['a\ud800'])).rejects.toThrow('well-formed');
    expect(began).toBe(0);
  });

  it('leaves nothing pending after a write', async () => {
    await create();
    now += 1_000;
    expect(await versions.sweepExpired()).toEqual([]);
  });

  describe('when the transaction fails', () => {
    it('leaves everything as it was if the transaction was rolled back', async () => {
      const before = await versions.ensureVersions(['list']);
      await expect(create(() => Promise.reject(new RolledBackError()))).rejects.toBeInstanceOf(RolledBackError);
      expect(await versions.ensureVersions(['list'])).toEqual(before);
      now += 1_000;
      expect(await versions.sweepExpired()).toEqual([]);
    });

    it('invalidates the tags at once if the application cannot tell, and passes on the error of the transaction', async () => {
      parts = cacheParts({
        versions,
        options: {
          isRolledBack: () => {
            throw new Error('an error without a code');
          },
        },
      });
      const before = (await versions.ensureVersions(['list'])).get('list');
      await expect(create(() => Promise.reject(new Error('connection lost')))).rejects.toThrow('connection lost');
      expect((await versions.snapshot(['list'])).get('list')).not.toBe(before);
    });

    it('invalidates the tags at once if it may have been committed, and again when the write expires', async () => {
      const before = await versions.ensureVersions(['list']);
      await expect(create(() => Promise.reject(new Error('connection lost')))).rejects.toThrow('connection lost');
      expect((await versions.ensureVersions(['list'])).get('list')).not.toBe(before.get('list'));
      now += 1_000;
      expect(await versions.sweepExpired()).toEqual(['list', 'order:7']);
    });
  });

  it.each([
    ['a result', () => Promise.resolve()],
    ['a refusal', () => Promise.reject(new RolledBackError())],
  ])('gives %s only after the pending writes that it shows', async (_, transaction) => {
    await versions.begin({ id: 'other', tags: ['order:7'] });
    let isOver = false;
    const write = parts.writer
      .write({ tags: ['list'], shows: ['order:7'], transaction })
      .catch(() => undefined)
      .then(() => (isOver = true));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(isOver).toBe(false);
    const before = (await versions.snapshot(['order:7'])).get('order:7');
    await write;
    expect((await versions.snapshot(['order:7'])).get('order:7')).not.toBe(before);
  });

  it('leaves it to the sweeper to complete the write of a writer that died', async () => {
    expect(await read()).toBe('miss: from the source');
    void parts.writer.write({ tags: ['order:7'], transaction: () => new Promise(() => undefined) });
    await eventually(async () => (await versions.pending(['order:7'])).writeIds.length === 1);
    now += 1_000;
    expect(await versions.sweepExpired()).toEqual(['order:7']);
    expect(await read()).toBe('miss: from the source');
  });

  describe('when the version store is away', () => {
    const away = (): Promise<never> => Promise.reject(new VersionStoreUnavailableError('redis-away'));
    let relayed: (readonly string[])[];

    beforeEach(() => {
      relayed = [];
    });

    it('does not fail a write', async () => {
      Object.assign(versions, { begin: away, complete: away });
      await create();
      expect(parts.events({ type: 'unannounced-write' })).toBe(1);
      expect(parts.events({ type: 'relayed-write' })).toBe(1);
    });

    it.each([
      ['from the beginning', { begin: away, complete: away }],
      ['after the announcement', { complete: away }],
    ])('%s: relays all tags of the write, and waits for that', async (_, methods) => {
      Object.assign(versions, methods);
      let release!: () => void;
      const gate = new Promise<void>((resolve) => (release = resolve));
      parts = partsWith(
        new TestBackplane(async (tags) => {
          await gate;
          relayed.push(tags);
        }),
      );
      let isOver = false;
      const creation = create().then(() => (isOver = true));
      await new Promise((resolve) => setImmediate(resolve));
      expect(isOver).toBe(false);
      release();
      await creation;
      expect(relayed).toEqual([['list', 'order:7']]);
    });

    it('relays nothing of a write that has invalidated nothing', async () => {
      Object.assign(versions, { begin: away, complete: away });
      parts = partsWith(new TestBackplane(() => Promise.reject(new InvalidationNotRelayedError('nobody hears'))));
      const transaction = () => Promise.resolve('refused');
      expect(await parts.writer.write({ tags: ['list'], transaction, outcome: () => ({ tags: [] }) })).toBe('refused');
      expect(parts.events({ type: 'relayed-write' })).toBe(0);
    });

    it('relays a write whose transaction found that other instances use another store', async () => {
      parts = partsWith(
        new TestBackplane((tags) => {
          relayed.push(tags);
          return Promise.resolve();
        }),
      );
      await create(undefined, { isAnnounced: false });
      expect(relayed).toEqual([['list', 'order:7']]);
    });

    it('acknowledges no write that ends after the application has closed, and begins none', async () => {
      const write = create(() => {
        parts.writer.close();
        Object.assign(versions, { begin: away, complete: away });
        return Promise.resolve();
      });
      await expect(write).rejects.toBeInstanceOf(InvalidationNotRelayedError);
      await expect(create()).rejects.toBeInstanceOf(CutOffError);
    });

    it('refuses a write before its transaction if nobody could be told of it', async () => {
      Object.assign(versions, { begin: away });
      const backplane = new TestBackplane();
      backplane.isMember = false;
      parts = partsWith(backplane);
      let began = 0;
      await expect(create(() => Promise.resolve((began += 1)))).rejects.toBeInstanceOf(CutOffError);
      expect(began).toBe(0);
    });

    it('does not acknowledge a write that the other instances could not be told of', async () => {
      Object.assign(versions, { complete: away });
      parts = partsWith(new TestBackplane(() => Promise.reject(new InvalidationNotRelayedError('nobody hears'))));
      await expect(create()).rejects.toBeInstanceOf(InvalidationNotRelayedError);
    });
  });
});
