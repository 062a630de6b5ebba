import { FairShares } from './fair-shares.js';

describe('fair shares', () => {
  const TIMEOUT = 60_000;
  let shares: FairShares;
  let end: AbortController;

  beforeEach(() => {
    shares = new FairShares({ atOnce: 2, waiting: 2, timeout: TIMEOUT });
    end = new AbortController();
  });

  /** Aborts the requests that still wait at the end of a test. */
  afterEach(() => {
    end.abort();
  });

  function enter(caller: string, gone = end): Promise<() => void> {
    return shares.enter(caller, gone.signal);
  }

  function fillUp(caller: string): void {
    for (let i = 0; i < 4; i += 1) enter(caller).catch(() => undefined);
  }

  async function isSettled(promise: Promise<unknown>): Promise<boolean> {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    promise.then(settle, settle);
    await new Promise((resolve) => setImmediate(resolve));
    return settled;
  }

  it('limit the concurrent requests of a caller and queue the rest in order', async () => {
    const [first] = [await enter('olga'), await enter('olga')];
    const [third, fourth] = [enter('olga'), enter('olga')];
    expect(await isSettled(third)).toBe(false);
    first();
    (await third)();
    await fourth;
  });

  it('do not delay other callers', async () => {
    fillUp('olga');
    expect(await isSettled(enter('otto'))).toBe(true);
  });

  it('refuse requests beyond the queue', async () => {
    fillUp('olga');
    await expect(enter('olga')).rejects.toMatchObject({ status: 429, code: 'TOO_MANY_AT_ONCE' });
  });

  it('refuse requests that have waited too long', async () => {
    shares = new FairShares({ atOnce: 1, waiting: 1, timeout: 20 });
    const leave = await enter('olga');
    await expect(enter('olga')).rejects.toMatchObject({ status: 429 });
    const next = enter('olga');
    leave();
    await next;
  });

  it('keep no place in the queue for a client that has gone before', async () => {
    const gone = new AbortController();
    gone.abort();
    shares = new FairShares({ atOnce: 1, waiting: 1, timeout: TIMEOUT });
    await enter('olga');
    await expect(enter('olga', gone)).rejects.toMatchObject({ status: 429 });
    const next = enter('olga').catch(() => undefined);
    expect(await isSettled(next)).toBe(false);
  });

  it('give the place of a disconnected client to the next request', async () => {
    const leave = await enter('olga');
    await enter('olga');
    const gone = new AbortController();
    const left = enter('olga', gone);
    const next = enter('olga');
    gone.abort();
    await expect(left).rejects.toMatchObject({ status: 429 });
    leave();
    await next;
  });
});
