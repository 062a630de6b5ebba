import { Quotas } from './quotas.js';

describe('quotas', () => {
  it('displace nothing while an asker keeps within its quota', () => {
    const quotas = new Quotas(100);
    expect(['a', 'b', 'c', 'd'].flatMap((key) => quotas.charge('olga', key, 25))).toEqual([]);
  });

  it('displace the oldest entries of the same asker', () => {
    const quotas = new Quotas(100);
    for (const key of ['a', 'b', 'c', 'd']) quotas.charge('olga', key, 25);
    expect(quotas.charge('olga', 'e', 50)).toEqual(['a', 'b']);
    expect(quotas.charge('otto', 'f', 100)).toEqual([]);
  });

  it('charge an entry that is stored again only once, as the latest', () => {
    const quotas = new Quotas(100);
    for (const key of ['a', 'b', 'a']) quotas.charge('olga', key, 50);
    expect(quotas.charge('olga', 'c', 50)).toEqual(['b']);
    expect(quotas.charge('olga', 'a', 60)).toEqual(['c']);
  });

  it('forget who has stored nothing for the longest time, before all accounts together grow too large', () => {
    const quotas = new Quotas(100);
    for (let i = 0; i < 20; i += 1) quotas.charge(`asker ${i}`, 'old', 100);
    expect(quotas.charge('asker 0', 'new', 100)).toEqual([]);
    expect(quotas.charge('asker 19', 'new', 100)).toEqual(['old']);
  });

  it('displace at once an entry that is larger than the quota', () => {
    expect(new Quotas(100).charge('olga', 'large', 101)).toEqual(['large']);
  });
});
