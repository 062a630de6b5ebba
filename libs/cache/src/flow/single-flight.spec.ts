import { SingleFlight } from './single-flight.js';

describe('SingleFlight', () => {
  it('runs one task for all who ask for the same key meanwhile, and says whose it was', async () => {
    const flights = new SingleFlight<number>();
    let runs = 0;
    const task = async (): Promise<number> => {
      runs += 1;
      await new Promise((resolve) => setImmediate(resolve));
      return runs;
    };
    const results = await Promise.all(Array.from({ length: 1_000 }, () => flights.run('key', task)));
    expect(runs).toBe(1);
    expect(results.filter(({ leader }) => leader)).toHaveLength(1);
    expect(new Set(results.map(({ value }) => value))).toEqual(new Set([1]));
  });

  it('keeps keys apart', async () => {
    const flights = new SingleFlight<string>();
    const [a, b] = await Promise.all([
      flights.run('a', () => Promise.resolve('of a')),
      flights.run('b', () => Promise.resolve('of b')),
    ]);
    expect([a.value, b.value]).toEqual(['of a', 'of b']);
  });

  it('begins anew once a flight has ended, well or not', async () => {
    const flights = new SingleFlight<string>();
    await expect(flights.run('key', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await flights.run('key', () => Promise.resolve('well'))).toEqual({ value: 'well', leader: true });
  });

  it('fails all who share a flight that fails', async () => {
    const flights = new SingleFlight<string>();
    const results = await Promise.allSettled(
      Array.from({ length: 3 }, () => flights.run('key', () => Promise.reject(new Error('broken')))),
    );
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });
});
