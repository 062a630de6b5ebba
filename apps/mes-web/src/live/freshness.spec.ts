import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { eventually } from '../../../../test/support/eventually.js';
import { Freshness } from './freshness';

describe('a screen that somebody goes back to', () => {
  let queries: QueryClient;
  let freshness: Freshness;
  let stop: () => void;
  /** Answers the requests that wait, with the names of their queries. */
  let waiting: [name: string, answer: (data: string) => void][];

  beforeEach(() => {
    queries = new QueryClient();
    freshness = new Freshness(queries);
    stop = freshness.watch();
    waiting = [];
  });

  afterEach(() => {
    stop();
    queries.clear();
  });

  /** Opens a screen with one query. Returns what closes it. */
  function open(name: string): () => void {
    const queryFn = () => new Promise<string>((resolve) => waiting.push([name, resolve]));
    return new QueryObserver(queries, { queryKey: [name], queryFn }).subscribe(() => undefined);
  }

  async function answer(name: string): Promise<void> {
    await eventually(() => waiting.some(([asked]) => asked === name));
    for (const [asked, resolve] of waiting) if (asked === name) resolve('data');
    waiting = waiting.filter(([asked]) => asked !== name);
    await eventually(() => queries.getQueryState([name])?.fetchStatus === 'idle');
  }

  /** Opens a screen and closes it. Then something happens. */
  async function visit(name: string): Promise<void> {
    const close = open(name);
    await answer(name);
    close();
    await freshness.refresh();
  }

  it('is not fresh if it is not answered in time, until it is', async () => {
    await visit('list');
    const close = open('list');
    expect([freshness.isFresh(), freshness.isFailing()]).toEqual([true, false]);
    await eventually(() => !freshness.isFresh());
    expect(freshness.isFailing()).toBe(true);
    close();
    expect([freshness.isFresh(), freshness.isFailing()]).toEqual([true, false]);
    open('list');
    await eventually(() => !freshness.isFresh());
    await answer('list');
    expect([freshness.isFresh(), freshness.isFailing()]).toEqual([true, false]);
  });

  it('stays fresh if it is answered in time, whatever happens later', async () => {
    await visit('list');
    await visit('other');
    open('list');
    await answer('list');
    await queries.invalidateQueries({ refetchType: 'none' });
    const close = open('other');
    await eventually(() => !freshness.isFresh());
    close();
    expect([freshness.isFresh(), freshness.isFailing()]).toEqual([true, false]);
  });
});
