import { EPOCH, LedgerUnavailableError, type ObservedVersions } from '../ledger/ledger.js';
import { MemoryLedger } from '../ledger/memory-ledger.js';
import { CacheStatistics } from './cache-statistics.js';
import { SharedObservation, type Observation } from './shared-observation.js';

/** A ledger whose observations are answered by hand. */
class GatedLedger extends MemoryLedger {
  readonly asked: { readonly tags: readonly string[]; readonly answer: () => void }[] = [];

  override observe(tags: readonly string[]): Promise<ObservedVersions> {
    return new Promise((resolve, reject) => {
      this.asked.push({ tags, answer: () => void super.observe(tags).then(resolve, reject) });
    });
  }
}

describe('a shared observation', () => {
  let ledger: GatedLedger;
  let shared: SharedObservation;

  beforeEach(async () => {
    ledger = new GatedLedger({ intentLifetime: 1_000 });
    shared = new SharedObservation(ledger, new CacheStatistics());
    await ledger.provide(['a', 'b']);
  });

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  it('begins at once for a request that is alone', async () => {
    const observed = shared.observe(['a']);
    await Promise.resolve().then(() => undefined);
    expect(ledger.asked.map(({ tags }) => tags)).toEqual([['a']]);
    ledger.asked[0]?.answer();
    expect([...((await observed) as ObservedVersions).keys()]).toEqual([EPOCH, 'a']);
  });

  it('is never shared by a request that arrived after it began', async () => {
    const early = shared.observe(['a']);
    await until(() => ledger.asked.length === 1);
    const late = [shared.observe(['a']), shared.observe(['b'])];
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(ledger.asked).toHaveLength(1);

    const before = (await ledger.settle([], [{ tag: 'a' }]),
    ledger.asked[0]?.answer(),
    await early) as ObservedVersions;
    await until(() => ledger.asked.length === 2);
    expect(ledger.asked[1]?.tags).toEqual(['a', 'b']);
    await ledger.settle([], [{ tag: 'a' }]);
    ledger.asked[1]?.answer();
    const [first, second] = (await Promise.all(late)) as [ObservedVersions, ObservedVersions];
    expect(first).toBe(second);
    expect(first.get('a')).not.toBe(before.get('a'));
  });

  it('waits for others under load, but not for long', async () => {
    const answers: Promise<Observation>[] = [];
    for (let i = 0; i < 20; i += 1) answers.push(shared.observe(['a']));
    await until(() => ledger.asked.length > 0);
    ledger.asked[0]?.answer();
    await Promise.all(answers);
    const alone = shared.observe(['a']);
    await until(() => ledger.asked.length === 2);
    ledger.asked[1]?.answer();
    await alone;
  });

  it('tells all who share it when the ledger is away, and goes on', async () => {
    const mended = ledger;
    ledger = new GatedLedger({ intentLifetime: 1_000 });
    shared = new SharedObservation(ledger, new CacheStatistics());
    ledger.observe = () => Promise.reject(new LedgerUnavailableError('redis-away'));
    const failed = await Promise.all([shared.observe(['a']), shared.observe(['b'])]);
    for (const observation of failed) expect(observation).toBeInstanceOf(LedgerUnavailableError);
    ledger.observe = () => Promise.reject(new Error('a mistake'));
    await expect(shared.observe(['a'])).rejects.toThrow('a mistake');
    ledger.observe = (tags) => mended.observe(tags);
    const observed = shared.observe(['a']);
    await until(() => mended.asked.length === 1);
    mended.asked[0]?.answer();
    expect(await observed).toBeInstanceOf(Map);
  });

  it('asks nothing while this instance does not hear what others write without the ledger', async () => {
    const backplane = { mayAnswer: false };
    shared = new SharedObservation(ledger, new CacheStatistics(), backplane);
    expect(await shared.observe(['a'])).toMatchObject({ detail: 'cut-off' });
    backplane.mayAnswer = true;
    const observed = shared.observe(['a']);
    await until(() => ledger.asked.length === 1);
    ledger.asked[0]?.answer();
    expect(await observed).toBeInstanceOf(Map);
  });
});
