import { Test, type TestingModule } from '@nestjs/testing';
import { eventually } from '../../../../test/support/eventually.js';
import { CacheStatistics } from '../cache-statistics.js';
import { CacheModule } from '../cache.module.js';
import { CACHE_DEFAULTS } from '../cache.options.js';
import { VersionStore } from './version-store.js';

describe('PendingWriteSweeper', () => {
  let module: TestingModule;

  afterEach(() => module.close());

  it('evicts, as long as the application runs, what dead writers had announced', async () => {
    const options = { ...CACHE_DEFAULTS, pendingWriteLifetime: 20, sweepInterval: 10 };
    module = await Test.createTestingModule({
      imports: [CacheModule.forRootAsync({ useFactory: () => options })],
    }).compile();
    await module.init();
    const versionStore = module.get(VersionStore);
    const before = await versionStore.observe(['a', 'b']);
    await versionStore.begin({ id: 'dead', tags: ['a'] });
    await eventually(async () => (await versionStore.observe(['a'])).get('a') !== before.get('a'));
    expect((await versionStore.observe(['b'])).get('b')).toBe(before.get('b'));
    await eventually(() => module.get(CacheStatistics).sweptTags === 1);
  });
});
