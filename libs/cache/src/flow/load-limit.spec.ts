import { LoadLimit, TooManyLoadsError } from './load-limit.js';

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
    const limit = new LoadLimit(2, 10);
    const loads = Promise.all(Array.from({ length: 7 }, () => limit.run(load)));
    await new Promise((resolve) => setImmediate(resolve));
    expect(running).toBe(2);
    await openAll();
    expect(await loads).toEqual(Array(7).fill('loaded'));
    expect(most).toBe(2);
  });

  it('refuses at once when enough wait, and takes on again when they have had their turn', async () => {
    const limit = new LoadLimit(1, 2);
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
    const limit = new LoadLimit(1, 0);
    await expect(limit.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    await expect(limit.run(() => Promise.resolve('well'))).resolves.toBe('well');
  });
});
