import { NextRun } from './next-run.js';

/** A task that ends when it is told to. */
function gate<T>(): { promise: Promise<T>; open: (value: T) => void; fail: (error: Error) => void } {
  let open!: (value: T) => void;
  let fail!: (error: Error) => void;
  const promise = new Promise<T>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}

describe('NextRun', () => {
  it('begins at once when nothing runs', () => {
    const begun: number[] = [];
    void new NextRun().run(() => {
      begun.push(1);
      return Promise.resolve();
    });
    expect(begun).toEqual([1]);
  });

  it('never lets a caller share a run that began before its call', async () => {
    const runs = new NextRun<string>();
    const first = gate<string>();
    const early = runs.run(() => first.promise);
    const late = runs.run(() => Promise.resolve('began after the call'));
    first.open('began before the call');
    expect(await early).toBe('began before the call');
    expect(await late).toBe('began after the call');
  });

  it('lets all who call during a run share the next one', async () => {
    const runs = new NextRun<number>();
    const first = gate<number>();
    let begun = 0;
    const early = runs.run(() => first.promise);
    const late = Array.from({ length: 100 }, () =>
      runs.run(() => {
        begun += 1;
        return Promise.resolve(begun);
      }),
    );
    first.open(0);
    await early;
    expect(new Set(await Promise.all(late))).toEqual(new Set([1]));
  });

  it('goes on after a run that failed, which fails only those who shared it', async () => {
    const runs = new NextRun<string>();
    const first = gate<string>();
    const early = runs.run(() => first.promise);
    const late = runs.run(() => Promise.resolve('well'));
    first.fail(new Error('broken'));
    await expect(early).rejects.toThrow('broken');
    expect(await late).toBe('well');
  });

  it('says when nothing runs or waits any more, and not before', async () => {
    const idle: string[] = [];
    const runs = new NextRun<void>(() => idle.push('idle'));
    const first = gate<undefined>();
    const second = gate<undefined>();
    const early = runs.run(() => first.promise);
    const late = runs.run(() => second.promise);
    first.open(undefined);
    await early;
    expect(idle).toEqual([]);
    second.open(undefined);
    await late;
    await new Promise((resolve) => setImmediate(resolve));
    expect(idle).toEqual(['idle']);
  });
});
