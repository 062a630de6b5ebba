import { Test, type TestingModule } from '@nestjs/testing';
import { eventually } from '../../../../test/support/eventually.js';
import { recordEvents } from '../../../../test/support/recorded-events.js';
import { CacheEvents } from '../cache.events.js';
import { CacheModule } from '../cache.module.js';
import { VersionStore } from './version-store.js';

describe('PendingWriteSweeper', () => {
  let module: TestingModule;

  afterEach(() => module.close());

  it('invalidates the tags of dead writers while the application runs', async () => {
    const options = { pendingWriteLifetime: 20, sweepInterval: 10 };
    module = await Test.createTestingModule({
      imports: [CacheModule.forRoot(options)],
    }).compile();
    await module.init();
    const events = recordEvents(module.get(CacheEvents));
    const versions = module.get(VersionStore);
    const before = await versions.snapshot(['a', 'b']);
    await versions.begin({ id: 'dead', tags: ['a'] });
    await eventually(async () => (await versions.snapshot(['a'])).get('a') !== before.get('a'));
    expect((await versions.snapshot(['b'])).get('b')).toBe(before.get('b'));
    await eventually(() => events({ type: 'invalidation', cause: 'expired-write' }) === 1);
  });
});
