import { Test, type TestingModule } from '@nestjs/testing';
import { eventually } from '../../../../test/support/eventually.js';
import { CacheStatistics } from '../answers/cache-statistics.js';
import { CacheAsideModule } from '../cache-aside.module.js';
import { CACHE_ASIDE_DEFAULTS } from '../cache-aside.options.js';
import { Ledger } from './ledger.js';

describe('IntentSweeper', () => {
  let module: TestingModule;

  afterEach(() => module.close());

  it('evicts, as long as the application runs, what dead writers had announced', async () => {
    const options = { ...CACHE_ASIDE_DEFAULTS, intentLifetime: 20, sweepInterval: 10 };
    module = await Test.createTestingModule({
      imports: [CacheAsideModule.forRootAsync({ useFactory: () => options })],
    }).compile();
    await module.init();
    const ledger = module.get(Ledger);
    const before = await ledger.observe(['a', 'b']);
    await ledger.announce({ id: 'dead', tags: ['a'] });
    await eventually(async () => (await ledger.observe(['a'])).get('a') !== before.get('a'));
    expect((await ledger.observe(['b'])).get('b')).toBe(before.get('b'));
    await eventually(() => module.get(CacheStatistics).sweptTags === 1);
  });
});
