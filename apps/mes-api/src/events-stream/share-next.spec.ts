import { shareNext } from './share-next.js';

describe('shareNext', () => {
  it('gives calls during a run the result of the next run, which they share', async () => {
    const runs: ((result: number) => void)[] = [];
    const next = shareNext(() => new Promise<number>((resolve) => runs.push(resolve)));
    const first = next();
    await Promise.resolve();
    const others = [next(), next()];
    await new Promise(setImmediate);
    expect(runs).toHaveLength(1);
    runs[0]?.(1);
    expect(await first).toBe(1);
    await new Promise(setImmediate);
    expect(runs).toHaveLength(2);
    runs[1]?.(2);
    expect(await Promise.all(others)).toEqual([2, 2]);
  });

  it('runs again after a failure, which only the callers of that run see', async () => {
    const outcomes = [Promise.reject(new Error('broken')), Promise.resolve('mended')];
    const next = shareNext(() => outcomes.shift() ?? Promise.resolve('later'));
    const first = next();
    await Promise.resolve();
    const second = next();
    await expect(first).rejects.toThrow('broken');
    expect(await second).toBe('mended');
  });
});
