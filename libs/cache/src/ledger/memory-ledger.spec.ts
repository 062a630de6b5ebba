import { describeLedger } from './ledger.contract.js';
import { MemoryLedger } from './memory-ledger.js';

describeLedger('MemoryLedger', () => {
  let now = 0;
  return Promise.resolve({
    ledger: new MemoryLedger({ intentLifetime: 1_000, now: () => now }),
    passDeadline: () => {
      now += 1_000;
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  });
});

describe('MemoryLedger', () => {
  it('replaces versions that it has lost for want of room by fresh ones', async () => {
    const ledger = new MemoryLedger({ intentLifetime: 1_000, maxVersions: 3 });
    const before = (await ledger.provide(['a'])).get('a');
    await ledger.provide(['b', 'c', 'd']);
    expect((await ledger.provide(['a'])).get('a')).not.toBe(before);
  });

  it('does not bring a version into force when the observed one was lost meanwhile', async () => {
    const ledger = new MemoryLedger({ intentLifetime: 1_000, maxVersions: 3 });
    const observed = (await ledger.provide(['a'])).get('a') ?? '';
    await ledger.provide(['b', 'c', 'd']);
    await ledger.settle(['w'], [{ tag: 'a', refreshed: { observed, version: 'prepared' } }]);
    expect((await ledger.provide(['a'])).get('a')).not.toBe('prepared');
  });
});
