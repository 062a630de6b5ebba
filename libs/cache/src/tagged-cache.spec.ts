import { Injectable, SetMetadata, type INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { recordEvents } from '../../../test/support/recorded-events.js';
import { CacheEvents } from './cache.events.js';
import { CacheModule } from './cache.module.js';
import { CachedMethod, TaggedCache } from './tagged-cache.js';

/** A source of one value, whose reads can be held up between reading and answering. */
@Injectable()
class Source {
  value = 'old';
  loads = 0;
  gate: Promise<void> = Promise.resolve();

  @CachedMethod((language: string) => ({ key: `words:${language}`, tags: ['words'] }))
  async words(language: string): Promise<{ text: string }> {
    return { text: `${language} ${await this.read()}` };
  }

  async read(): Promise<string> {
    this.loads += 1;
    const { value } = this;
    await this.gate;
    return value;
  }
}

/** A provider per tenant, whose method has metadata. */
@Injectable()
class Tenant {
  name = 'a';

  @CachedMethod(function (this: Tenant) {
    return { key: `tenant:${this.name}`, tags: ['tenants'] };
  })
  @SetMetadata('role', 'operator')
  greeting(): Promise<string> {
    return Promise.resolve(`hello ${this.name}`);
  }
}

describe('TaggedCache', () => {
  let application: INestApplicationContext;
  let cache: TaggedCache;
  let source: Source;

  beforeEach(async () => {
    application = await Test.createTestingModule({
      imports: [CacheModule.forRoot()],
      providers: [Source, Tenant],
    }).compile();
    await (application as unknown as { init: () => Promise<unknown> }).init();
    cache = application.get(TaggedCache);
    source = application.get(Source);
  });

  afterEach(() => application.close());

  function write(value: string): Promise<unknown> {
    return cache.write({ tags: ['words'], transaction: () => Promise.resolve((source.value = value)) });
  }

  const readers: [string, () => Promise<unknown>, (value: string) => unknown][] = [
    [
      'getOrLoad()',
      () => cache.getOrLoad({ key: 'word', tags: ['words'] }, () => source.read()),
      (value: string) => value,
    ],
    ['@CachedMethod()', () => source.words('ru'), (value: string) => ({ text: `ru ${value}` })],
  ];

  describe.each(readers)('%s', (_, read, expected) => {
    it('loads once, until a write invalidates one of the tags', async () => {
      expect([await read(), await read()]).toEqual([expected('old'), expected('old')]);
      expect(source.loads).toBe(1);
      await write('new');
      expect([await read(), await read()]).toEqual([expected('new'), expected('new')]);
      expect(source.loads).toBe(2);
    });

    it('does not show later readers what a write has overtaken', async () => {
      let open!: () => void;
      source.gate = new Promise((resolve) => (open = resolve));
      const overtaken = read();
      while (source.loads === 0) await new Promise((resolve) => setImmediate(resolve));
      await write('new');
      open();
      expect(await overtaken).toEqual(expected('old'));
      expect(await read()).toEqual(expected('new'));
    });

    it('passes errors on and does not store them', async () => {
      source.gate = Promise.reject(new Error('broken'));
      await expect(read()).rejects.toThrow('broken');
      source.gate = Promise.resolve();
      expect(await read()).toEqual(expected('old'));
    });

    it('loads again after an invalidation by hand', async () => {
      await read();
      source.value = 'new';
      await cache.invalidate(['words']);
      expect(await read()).toEqual(expected('new'));
    });
  });

  it('gives every caller a copy of its own', async () => {
    const first = await source.words('ru');
    first.text = 'changed';
    expect(await source.words('ru')).toEqual({ text: 'ru old' });
  });

  it('describes a result with the provider, and keeps the metadata of its method', async () => {
    const tenant = application.get(Tenant);
    expect(await tenant.greeting()).toBe('hello a');
    tenant.name = 'b';
    expect(await tenant.greeting()).toBe('hello b');
    // eslint-disable-next-line @typescript-eslint/unbound-method
    expect(Reflect.getMetadata('role', Tenant.prototype.greeting)).toBe('operator');
  });

  it('says what is wrong with a provider that Nest has not made', async () => {
    await expect(new Tenant().greeting()).rejects.toThrow('Tenant');
  });

  it('keeps the results of different arguments apart', async () => {
    expect([await source.words('ru'), await source.words('en')]).toEqual([{ text: 'ru old' }, { text: 'en old' }]);
  });

  it('refuses keys and tags that are not well-formed text', async () => {
    const load = () => Promise.resolve('loaded');
    await expect(cache.getOrLoad({ key: 'a\ud800', tags: ['words'] }, load)).rejects.toThrow('well-formed');
    await expect(cache.getOrLoad({ key: 'a', tags: ['\ud800'] }, load)).rejects.toThrow('well-formed');
    await expect(cache.getOrLoad({ key: 7 as never, tags: ['words'] }, load)).rejects.toThrow('it is no text');
    await expect(cache.getOrLoad({ key: 'a', tags: [undefined as never] }, load)).rejects.toThrow('it is no text');
  });

  it('tells what it does by events', async () => {
    const events = recordEvents(application.get(CacheEvents));
    await source.words('ru');
    await source.words('ru');
    await write('new');
    expect(events({ type: 'miss' })).toBe(1);
    expect(events({ type: 'hit', level: 'l1' })).toBe(1);
    expect(events({ type: 'invalidation', cause: 'write' })).toBe(1);
  });
});
