import type { Plan } from '../arguments.js';
import type { MemoryUse } from '../contenders/measured-api.js';
import { send } from '../measure/closed-loop.js';
import { withPool } from '../measure/pool.js';
import { note } from '../note.js';
import type { Stage } from '../servers/stage.js';
import { PAGE_PATH } from './page.js';

/** Result of the memory scenario. Sizes are in bytes. */
export interface MemoryFigures {
  /** Size limit of the near cache. */
  readonly bound: number;
  /** Largest growth of the process, compared with an empty near cache. */
  readonly grown: number;
  /** Largest size of the near cache by its own estimate. */
  readonly reckoned: number;
  readonly pages: number;
}

const CLIENTS = 8;
/** Number of callers. Each may fill an eighth of the near cache, and together they must fill all of it. */
const OPERATORS = 16;
/** Number of pages between two readings of the memory. */
const BATCH = 100;
/** Number of pages before the measurement: enough to fill also the other memory that a process keeps. */
const WARM_UP_PAGES = 1_500;

/** Measures the memory of a small near cache while far more pages are requested than it can hold, each twice and compressed. */
export async function measureMemory(stage: Stage, { memoryPages }: Plan): Promise<MemoryFigures> {
  note(`memory: ${memoryPages} pages`);
  const { url } = await stage.server('api-measured');
  const headersOf = async (operator: number): Promise<Record<string, string>> => ({
    authorization: `Bearer ${await stage.token('operator', `operator-${operator}`)}`,
    'accept-encoding': 'br',
  });
  const operators = await Promise.all(Array.from({ length: OPERATORS }, (_, operator) => headersOf(operator)));
  return withPool(url, CLIENTS, async (pool) => {
    const memory = async (path: string): Promise<MemoryUse> =>
      JSON.parse((await send(pool, { method: 'GET', path, headers: {}, status: 200 })).text) as MemoryUse;
    let next = 0;
    const ask = async (pages: number): Promise<void> => {
      const last = next + pages;
      await Promise.all(
        Array.from({ length: CLIENTS }, async () => {
          while (next < last) {
            // Every page has another key, and 50 orders.
            const since = new Date(Date.UTC(2000, 0, 1, 0, 0, next++)).toISOString();
            const path = `${PAGE_PATH}&createdFrom=${since}`;
            const headers = operators[next % OPERATORS] ?? {};
            for (let i = 0; i < 2; i += 1) await send(pool, { method: 'GET', path, headers, status: 200 });
          }
        }),
      );
    };
    await ask(WARM_UP_PAGES);
    const empty = await memory('/memory/clear');
    let [grown, reckoned] = [0, 0];
    for (let done = 0; done < memoryPages; done += BATCH) {
      await ask(BATCH);
      const use = await memory('/memory');
      grown = Math.max(grown, use.used - empty.used);
      reckoned = Math.max(reckoned, use.reckoned);
    }
    return { bound: empty.bound, grown, reckoned, pages: memoryPages };
  });
}
