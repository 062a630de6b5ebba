import type { Pool } from 'undici';
import type { Plan } from '../arguments.js';
import { send, type LoopRequest } from '../measure/closed-loop.js';
import { withPool } from '../measure/pool.js';
import { spreadOf, type Spread } from '../measure/spread.js';
import { note } from '../note.js';
import type { Stage } from '../servers/stage.js';
import { PAGE_PATH } from './page.js';

export interface StampedeFigures {
  readonly readers: number;
  readonly instances: 1 | 2;
  /** Number of queries of the list, in each repetition. */
  readonly queries: readonly number[];
  /** Time until the last reader has its response, in milliseconds, in each repetition. */
  readonly slowest: readonly number[];
  readonly queriesSpread: Spread;
  readonly slowestSpread: Spread;
}

const READERS = [10, 100, 1_000];

/** Measures what many simultaneous readers of a page cost that has just been evicted. Each reader is a caller of its own. */
export async function measureStampede(stage: Stage, { stampedes }: Plan): Promise<readonly StampedeFigures[]> {
  const figures: StampedeFigures[] = [];
  for (const instances of [1, 2] as const) {
    for (const readers of READERS) {
      const { queries, slowest } = await stampede(stage, readers, instances, stampedes);
      const [queriesSpread, slowestSpread] = [spreadOf(queries), spreadOf(slowest)];
      note(`stampede: ${readers} readers, ${instances} instance(s): ${queriesSpread.median} queries`);
      figures.push({ readers, instances, queries, slowest, queriesSpread, slowestSpread });
    }
  }
  return figures;
}

async function stampede(
  stage: Stage,
  readers: number,
  instances: 1 | 2,
  repetitions: number,
): Promise<{ queries: number[]; slowest: number[] }> {
  const [first, second] = [await stage.server('api-redis'), await stage.server('api-redis-2')];
  const statements = await stage.statements();
  const pages = (await stage.callers('operator', readers)).map((headers): LoopRequest => ({
    method: 'GET',
    path: PAGE_PATH,
    headers,
    status: 200,
  }));
  const eviction: LoopRequest = {
    method: 'POST',
    path: '/api/v1/cache/evictions',
    headers: { ...(await stage.authorization('admin')), 'content-type': 'application/json' },
    body: JSON.stringify({ tags: ['orders:NEW'] }),
    status: 202,
  };
  const queries: number[] = [];
  const slowest: number[] = [];
  const run = async (pools: readonly Pool[]): Promise<void> => {
    const fire = (): Promise<unknown> => Promise.all(pages.map((page, reader) => sendTo(pools, reader, page)));
    // This opens all connections and fills the cache.
    await fire();
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      await sendTo(pools, 0, eviction);
      await statements.reset();
      const began = performance.now();
      await fire();
      slowest.push(performance.now() - began);
      const { list } = await statements.counts();
      if (list === 0) throw new Error('no reader has queried the database for the evicted page');
      queries.push(list);
    }
  };
  await withPool(first.url, readers, (one) =>
    instances === 1 ? run([one]) : withPool(second.url, readers, (other) => run([one, other])),
  );
  return { queries, slowest };
}

function sendTo(pools: readonly Pool[], reader: number, request: LoopRequest): Promise<unknown> {
  const pool = pools[reader % pools.length];
  if (!pool) throw new RangeError('there is no instance');
  return send(pool, request);
}
