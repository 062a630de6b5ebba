import { CACHE_MANAGER, CacheModule as CacheManagerModule } from '@nestjs/cache-manager';
import { Inject, Injectable, Module, type DynamicModule, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import type { Cache } from 'cache-manager';
import { Keyv } from 'keyv';
import { CacheHealth } from './cache.health.js';
import { CacheModule } from './cache.module.js';
import { CACHE_DEFAULTS, CACHE_OPTIONS } from './cache.options.js';
import { TaggedCache } from './tagged-cache.js';
import { Backplane } from './versions/backplane.js';
import { MemoryVersionStore } from './versions/memory-version-store.js';
import { VersionStore } from './versions/version-store.js';

class Settings {
  readonly cacheName = 'settings';
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

/** Has a cache of its own for something else. */
@Injectable()
class Clipboard {
  constructor(@Inject(CACHE_MANAGER) readonly cache: Cache) {}
}

@Module({ imports: [CacheManagerModule.register({ isGlobal: true })], providers: [Clipboard] })
class ClipboardModule {}

/** The backplane of one instance alone. */
class LonelyBackplane extends Backplane {
  static admissions = 0;
  mayAnswer = true;
  readonly isMember = true;

  override admit(store: string): Promise<string> {
    LonelyBackplane.admissions += 1;
    return Promise.resolve(store);
  }

  override relay(): Promise<void> {
    return Promise.resolve();
  }
}

@Module({ providers: [{ provide: Backplane, useClass: LonelyBackplane }], exports: [Backplane] })
class BackplaneModule {}

describe('CacheModule', () => {
  const modules: TestingModule[] = [];

  afterEach(() => Promise.all(modules.splice(0).map((module) => module.close())));

  async function start(...imports: (DynamicModule | Type)[]): Promise<TestingModule> {
    const module = await Test.createTestingModule({ imports }).compile();
    modules.push(module);
    await module.init();
    return module;
  }

  it('has defaults for everything', async () => {
    const module = await start(CacheModule.forRoot());
    expect(module.get(CACHE_OPTIONS)).toEqual(CACHE_DEFAULTS);
  });

  it('takes its settings from providers of imported modules', async () => {
    const cache = CacheModule.forRootAsync({
      imports: [SettingsModule],
      inject: [Settings],
      useFactory: ({ cacheName }: Settings) => Promise.resolve({ cacheName }),
    });
    expect((await start(cache)).get(CACHE_OPTIONS)).toEqual({ ...CACHE_DEFAULTS, cacheName: 'settings' });
  });

  it('keeps the defaults of settings that are undefined', async () => {
    const module = await start(CacheModule.forRoot({ namespace: undefined, maxLoads: undefined }));
    expect(module.get(CACHE_OPTIONS)).toEqual(CACHE_DEFAULTS);
  });

  it.each([
    ['loadTimeout', Infinity],
    ['sweepInterval', NaN],
    ['deadline', -1],
    ['loadQueueTimeout', Number.MAX_SAFE_INTEGER],
    ['entryLifetime', 0.5],
    ['leaseLifetime', 0],
    ['l1MaxBytes', 0],
    ['deadline', 0],
    ['maxLoads', 0],
    ['loadTimeout', 0],
    ['sweepInterval', 0],
  ])('refuses a %s of %d, with which nothing would work', async (name, value) => {
    await expect(start(CacheModule.forRoot({ [name]: value }))).rejects.toThrow(name);
  });

  it('uses a backplane of an imported module', async () => {
    const module = await start(CacheModule.forRootAsync({ imports: [BackplaneModule], useFactory: () => ({}) }));
    expect(LonelyBackplane.admissions).toBe(1);
    const write = module.get(TaggedCache).write({ tags: ['words'], transaction: () => Promise.resolve('written') });
    expect(await write).toBe('written');
  });

  it('tells that an instance is cut off from the others', async () => {
    const module = await start(CacheModule.forRootAsync({ imports: [BackplaneModule], useFactory: () => ({}) }));
    const health = module.get(CacheHealth);
    expect([health.trusted, health.problem]).toEqual([true, undefined]);
    module.get<LonelyBackplane>(Backplane, { strict: false }).mayAnswer = false;
    expect([health.trusted, health.problem?.kind]).toEqual([false, 'cut-off']);
  });

  it('refuses to stand in an application twice', async () => {
    await expect(start(CacheModule.forRoot(), CacheModule.forRoot({ cacheName: 'other' }))).rejects.toThrow('once');
  });

  it('leaves the CACHE_MANAGER of the application alone', async () => {
    const module = await start(ClipboardModule, CacheModule.forRoot());
    const own = module.get(Clipboard).cache;
    await own.set('word', 'mine');
    await module.get(TaggedCache).getOrLoad({ key: 'word', tags: ['words'] }, () => Promise.resolve('cached'));
    expect(await own.get('word')).toBe('mine');
  });

  it('shares entries in a store of the application with no build of another shape', async () => {
    const [versionStore, entryStore] = [new MemoryVersionStore(CACHE_DEFAULTS), new Keyv()];
    const loads: string[] = [];
    for (const shape of ['old', 'new', 'old']) {
      const module = await start(CacheModule.forRoot({ versionStore, entryStore, shape }));
      const load = () => Promise.resolve(loads.push(shape));
      await module.get(TaggedCache).getOrLoad({ key: 'word', tags: ['words'] }, load);
    }
    expect(loads).toEqual(['old', 'new']);
  });

  it('uses a version store of the application', async () => {
    const versionStore = new MemoryVersionStore(CACHE_DEFAULTS);
    const module = await start(CacheModule.forRoot({ versionStore }));
    expect(module.get(VersionStore)).toBe(versionStore);
    const read = () =>
      module.get(TaggedCache).getOrLoad({ key: 'word', tags: ['words'] }, () => Promise.resolve(Math.random()));
    const first = await read();
    expect(await read()).toBe(first);
    await versionStore.invalidate(['words']);
    expect(await read()).not.toBe(first);
  });
});
