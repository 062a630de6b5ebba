import { HttpException } from '@nestjs/common';
import { Askers } from '../flow/askers.js';
import { LoadLimit, LoadTimeoutError, TooManyLoadsError } from './load-limit.js';

const LONG = 60_000;

function limitOf(maxLoads: number, maxWaitingLoads: number, times = {}): LoadLimit {
  return new LoadLimit({ maxLoads, maxWaitingLoads, loadQueueTimeout: LONG, loadTimeout: LONG, ...times });
}

describe('LoadLimit', () => {
  let running: number;
  let most: number;
  let opens: (() => void)[];

  beforeEach(() => {
    running = 0;
    most = 0;
    opens = [];
  });

  async function load(): Promise<string> {
    running += 1;
    most = Math.max(most, running);
    await new Promise<void>((resolve) => opens.push(resolve));
    running -= 1;
    return 'loaded';
  }

  /** Lets every load end, and those that begin because of that. */
  async function openAll(): Promise<void> {
    for (let open = opens.shift(); open; open = opens.shift()) {
      open();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  it('runs no more loads at once than allowed, and the others in their turn', async () => {
    const limit = limitOf(2, 10);
    const loads = Promise.all(Array.from({ length: 7 }, () => limit.run(load)));
    await new Promise((resolve) => setImmediate(resolve));
    expect(running).toBe(2);
    await openAll();
    expect(await loads).toEqual(Array(7).fill('loaded'));
    expect(most).toBe(2);
  });

  it('refuses at once when enough wait, and takes on again when they have had their turn', async () => {
    const limit = limitOf(1, 2);
    const accepted = Promise.all([limit.run(load), limit.run(load), limit.run(load)]);
    await expect(limit.run(load)).rejects.toBeInstanceOf(TooManyLoadsError);
    await new Promise((resolve) => setImmediate(resolve));
    await openAll();
    await accepted;
    const again = limit.run(load);
    await new Promise((resolve) => setImmediate(resolve));
    await openAll();
    expect(await again).toBe('loaded');
  });

  it('gives a turn back when a load fails', async () => {
    const limit = limitOf(1, 0);
    await expect(limit.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    await expect(limit.run(() => Promise.resolve('well'))).resolves.toBe('well');
  });

  it('lets askers take turns, and gives none of them more than half of the turns', async () => {
    const limit = limitOf(4, 20);
    const begun: string[] = [];
    const ask = (asker: string): Promise<string> =>
      limit.run(() => {
        begun.push(asker);
        return load();
      }, new Askers(asker));
    const loads = Promise.all([...Array.from({ length: 6 }, () => ask('olga')), ask('otto'), ask('otto'), ask('otto')]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(begun).toEqual(['olga', 'olga', 'otto', 'otto']);
    // Two of olga’s end; of those that wait, one is hers and one is his.
    for (const open of opens.splice(0, 1)) open();
    await new Promise((resolve) => setImmediate(resolve));
    for (const open of opens.splice(1, 1)) open();
    await new Promise((resolve) => setImmediate(resolve));
    expect(begun.slice(4)).toEqual(['olga', 'otto']);
    await openAll();
    await loads;
  });

  it('gives a load that waits, and that another asker wants as well, its turn before the others of the first one', async () => {
    const limit = limitOf(4, 20);
    const olga = Array.from({ length: 5 }, () => limit.run(load, new Askers('olga')));
    const askers = new Askers('olga');
    const wanted = limit.run(() => Promise.resolve('wanted'), askers);
    askers.add('olga');
    await new Promise((resolve) => setImmediate(resolve));
    expect(running).toBe(2);
    askers.add('otto');
    expect(await wanted).toBe('wanted');
    await openAll();
    await Promise.all(olga);
    const { queues } = limit as unknown as { readonly queues: ReadonlyMap<string, unknown> };
    expect(queues.size).toBe(0);
  });

  it('does not let one asker take all places to wait', async () => {
    const limit = limitOf(2, 4);
    // One is loaded and two wait.
    const olga = Array.from({ length: 3 }, () => limit.run(load, new Askers('olga')));
    await expect(limit.run(load, new Askers('olga'))).rejects.toBeInstanceOf(TooManyLoadsError);
    const otto = limit.run(load, new Askers('otto'));
    await new Promise((resolve) => setImmediate(resolve));
    await openAll();
    await Promise.all([...olga, otto]);
  });

  it('refuses when a turn does not come in time, and gives the place to another', async () => {
    const limit = limitOf(1, 1, { loadQueueTimeout: 20 });
    const first = limit.run(load);
    await expect(limit.run(load)).rejects.toBeInstanceOf(TooManyLoadsError);
    const second = limit.run(load);
    await new Promise((resolve) => setImmediate(resolve));
    await openAll();
    expect(await Promise.all([first, second])).toEqual(['loaded', 'loaded']);
  });

  it('remembers no asker whose loads have ended, or were refused', async () => {
    const limit = limitOf(1, 1, { loadQueueTimeout: 20 });
    const { queues } = limit as unknown as { readonly queues: ReadonlyMap<string, unknown> };
    const first = limit.run(load);
    const asked = Array.from({ length: 100 }, (_, i) => limit.run(load, new Askers(`asker ${i}`)));
    expect((await Promise.allSettled(asked)).every(({ status }) => status === 'rejected')).toBe(true);
    expect(queues.size).toBe(1);
    await openAll();
    await first;
    expect(queues.size).toBe(0);
  });

  it('refuses with errors that Nest answers with status 503', async () => {
    const limit = limitOf(1, 0, { loadTimeout: 20 });
    const endless = limit.run(() => new Promise(() => undefined));
    for (const load of [limit.run(() => Promise.resolve()), endless]) {
      const error: unknown = await load.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(HttpException);
      expect((error as HttpException).getStatus()).toBe(503);
    }
  });

  it('gives up a load that has no end, and goes on', async () => {
    const limit = limitOf(1, 1, { loadTimeout: 20 });
    await expect(limit.run(() => new Promise(() => undefined))).rejects.toBeInstanceOf(LoadTimeoutError);
    await expect(limit.run(() => Promise.resolve('well'))).resolves.toBe('well');
  });
});
