import { Keyv } from 'keyv';
import { cacheParts } from '../../../../test/support/cache-parts.js';
import { eventually } from '../../../../test/support/eventually.js';
import { toCachedResponse } from '../entries/cached-response.js';
import { MemoryVersionStore } from '../versions/memory-version-store.js';
import {
  EPOCH,
  VersionStoreUnavailableError,
  type BegunWrite,
  type VersionSnapshot,
  type VersionStore,
} from '../versions/version-store.js';

const page = { key: 'page', tags: ['list'] };
const counts = { key: 'counts', tags: ['counts'] };
const changed = ['list', 'counts'];

/** Longer than a test, in milliseconds. */
const LONG = 600_000;

/** A version store in which another writer moves a tag on after every snapshot. */
class BusyVersionStore extends MemoryVersionStore {
  contested: string | undefined;

  override async begin(...args: Parameters<VersionStore['begin']>): Promise<BegunWrite> {
    const begun = await super.begin(...args);
    await this.contest();
    return begun;
  }

  override async ensureVersions(tags: readonly string[]): Promise<VersionSnapshot> {
    const snapshot = await super.ensureVersions(tags);
    await this.contest();
    return snapshot;
  }

  private async contest(): Promise<void> {
    if (this.contested !== undefined) await this.complete([], [{ tag: this.contested }]);
  }
}

describe('responses that are refreshed on write', () => {
  let versions: BusyVersionStore;
  let parts: ReturnType<typeof cacheParts>;
  let value: string;
  let loads: number;
  let gate: Promise<void>;

  beforeEach(() => {
    value = 'old';
    loads = 0;
    gate = Promise.resolve();
    build(LONG);
  });

  /** @param refreshTimeout in milliseconds */
  function build(refreshTimeout: number): void {
    versions = new BusyVersionStore({ pendingWriteLifetime: LONG });
    parts = cacheParts({ versions, options: { refreshTimeout } });
    for (const question of [page, counts]) {
      parts.refreshOnWrite.register(() => ({
        ...question,
        isAggregate: question === counts,
        load: async () => {
          loads += 1;
          const read = value;
          await gate;
          return read;
        },
      }));
    }
  }

  function close(): () => void {
    let open!: () => void;
    gate = new Promise((resolve) => (open = resolve));
    return open;
  }

  function write(tags: readonly string[] = changed): Promise<void> {
    return parts.writer.write({ tags, transaction: () => Promise.resolve() });
  }

  async function turns(): Promise<void> {
    for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  async function read(question = page): Promise<string> {
    const load = () => Promise.resolve(toCachedResponse('from the source'));
    const { response, outcome } = await parts.responses.get(question, load);
    return `${outcome.kind}: ${JSON.parse(response.identity.body.toString()) as string}`;
  }

  it('are current after a write, and everything else with its tags is invalid', async () => {
    const other = { key: 'other page', tags: ['list'] };
    await read(other);
    expect(await read(other)).toBe('hit: from the source');
    await write();
    expect(await read(page)).toBe('hit: old');
    expect(await read(counts)).toBe('hit: old');
    expect(await read(other)).toBe('miss: from the source');
  });

  it('do not hide a committed write if they cannot be described', async () => {
    parts.refreshOnWrite.register(() => {
      throw new Error('no such hour');
    });
    await read();
    value = 'new';
    await write();
    expect(await read()).toContain('new');
  });

  it('are loaded only if the write has changed something that they depend on', async () => {
    await write(['counts']);
    expect(loads).toBe(1);
    await write(['something else']);
    expect(loads).toBe(1);
    expect(await read(counts)).toBe('hit: old');
  });

  it('are loaded once for all writes that are committed meanwhile, after their commits', async () => {
    const ask = () => Promise.all([read(page), read(counts)]);
    await write();
    await ask();
    const open = close();
    const first = write();
    await turns();
    await ask();
    value = 'new';
    const others = Array.from({ length: 20 }, () => write());
    open();
    await Promise.all([first, ...others]);
    expect(loads).toBe(6);
    expect(await read()).toBe('hit: new');
  });

  it('leave the previous response current until they are', async () => {
    await write();
    expect(await read()).toBe('hit: old');
    const open = close();
    value = 'new';
    const written = write();
    await turns();
    expect(await read()).toBe('hit: old');
    open();
    await written;
    expect(await read()).toBe('hit: new');
  });

  it('are loaded again if another write was completed meanwhile', async () => {
    const open = close();
    const written = write();
    await turns();
    value = 'new';
    await versions.invalidate(['list']);
    open();
    await written;
    expect(loads).toBe(4);
    expect(await read()).toBe('hit: new');
  });

  it('are invalidated instead if other writes are always faster', async () => {
    versions.contested = 'list';
    await write();
    expect(loads).toBe(6);
    versions.contested = undefined;
    expect(await read(page)).toBe('miss: from the source');
    expect(await read(counts)).toBe('hit: old');
  });

  it('are invalidated instead if they cannot be loaded, or not in time', async () => {
    build(100);
    await write();
    expect(await read()).toBe('hit: old');
    value = 'new';
    const open = close();
    await write();
    expect(await read()).toBe('miss: from the source');
    expect(loads).toBeGreaterThan(2);
    open();
    parts.refreshOnWrite.register(() => ({ ...page, load: () => Promise.reject(new Error('broken')) }));
    await write();
    expect(await read()).toBe('miss: from the source');
  });

  it('do not delay a write while the version store is away', async () => {
    versions.ensureVersions = () => Promise.reject(new VersionStoreUnavailableError('redis-away'));
    versions.complete = () => Promise.reject(new VersionStoreUnavailableError('redis-away'));
    await write();
    expect(parts.events({ type: 'relayed-write' })).toBe(1);
  });

  it('invalidate the tags of pending writes that they may show, unless they are aggregates', async () => {
    const order = { key: 'order', tags: ['order:9'] };
    const other = { key: 'other order', tags: ['order:8'] };
    await Promise.all([read(order), read(other)]);
    await versions.begin({ id: 'pending', tags: ['list', 'order:9'] });
    await versions.begin({ id: 'another', tags: ['counts', 'order:8'] });
    await write();
    expect(await read(page)).toBe('hit: old');
    expect(await read(order)).toBe('miss: from the source');
    expect(await read(other)).toBe('hit: from the source');
  });

  it('invalidate everything if they may show a pending write on the epoch', async () => {
    const order = { key: 'order', tags: ['order:9'] };
    await read(order);
    await versions.begin({ id: 'pending', tags: [EPOCH] });
    await write();
    expect(await read(order)).toBe('miss: from the source');
  });

  it('fail no write if they cannot be stored, which happens after it was answered', async () => {
    await write();
    await read();
    const problems: unknown[] = [];
    const note = (error: unknown): number => problems.push(error);
    process.on('unhandledRejection', note);
    parts.entries.save = () => Promise.reject(new Error('a listener that throws'));
    await write();
    await turns();
    process.off('unhandledRejection', note);
    expect(problems).toEqual([]);
  });

  it('are compressed after the write was answered, and until then sent as they are', async () => {
    value = 'old '.repeat(1_000);
    await write();
    const { response } = await parts.responses.get(page, () => Promise.reject(new Error('not from the source')));
    expect(response.br).toBeUndefined();
    expect(JSON.parse(response.identity.body.toString())).toBe(value);
    await eventually(async () => {
      const { response: later } = await parts.responses.get(page, () =>
        Promise.reject(new Error('not from the source')),
      );
      return later.br && later.gzip;
    });
  });

  it('do not take the place of later ones when they have been compressed', async () => {
    let released = 0;
    versions.releaseLease = () => Promise.resolve(void (released += 1));
    value = 'old '.repeat(100_000);
    await write();
    // So short that it is not compressed.
    value = 'new';
    await write();
    await eventually(() => parts.events({ type: 'store', written: true }) + released === 4);
    const { response } = await parts.responses.get(page, () => Promise.reject(new Error('not from the source')));
    expect(JSON.parse(response.identity.body.toString())).toBe('new');
  });

  it('do not take the place of later ones of another instance when they have been compressed', async () => {
    let released = 0;
    versions.releaseLease = () => Promise.resolve(void (released += 1));
    const entryStore = new Keyv({ serialize: undefined, deserialize: undefined });
    const [slow, fast, reader] = ['slow '.repeat(100_000), 'fast', ''].map((text) => {
      const instance = cacheParts({ versions, options: { refreshTimeout: LONG, entryStore } });
      instance.refreshOnWrite.register(() => ({ ...page, load: () => Promise.resolve(text) }));
      return instance;
    });
    for (const instance of [slow, fast]) {
      await instance?.writer.write({ tags: changed, transaction: () => Promise.resolve() });
    }
    const stored = (instance = slow): number => instance?.events({ type: 'store', written: true }) ?? 0;
    await eventually(() => stored(slow) + stored(fast) + released === 2);
    const found = await reader?.responses.get(page, () => Promise.reject(new Error('not from the source')));
    expect(JSON.parse(found?.response.identity.body.toString() ?? '')).toBe('fast');
  });

  it('are loaded only if somebody has asked for them lately', async () => {
    await read();
    for (let i = 0; i < 5; i += 1) await write(['list']);
    expect(loads).toBe(3);
    expect(await read()).toBe('miss: from the source');
    for (let i = 0; i < 2; i += 1) await write(['list']);
    expect(loads).toBe(5);
    expect(await read()).toBe('hit: old');
    for (let i = 0; i < 5; i += 1) await write(['list']);
    expect(loads).toBe(8);
  });
});
