import type { Plan } from '../arguments.js';
import { send, type LoopRequest } from '../measure/closed-loop.js';
import { CONNECTIONS } from '../measure/load.js';
import { withPool } from '../measure/pool.js';
import { allStatements } from '../measure/statement-counter.js';
import { note } from '../note.js';
import type { Stage } from '../servers/stage.js';
import { PAGE_PATH } from './page.js';

export interface HitCosts {
  readonly hits: number;
  readonly redisCommands: number;
  readonly statements: number;
}

const WARM_UP_HITS = 200;
/** An instance prunes its events once a minute. Statements that hits cause are there in every attempt. */
const ATTEMPTS = 3;

/** Counts the commands of Redis and the statements of PostgreSQL that hits cause. */
export async function measureHitCosts(stage: Stage, { hits }: Plan): Promise<HitCosts> {
  note(`hit costs: ${hits} hits`);
  const { url } = await stage.server('api-redis');
  const statements = await stage.statements();
  const pages = (await stage.callers('operator', CONNECTIONS)).map((headers): LoopRequest => ({
    method: 'GET',
    path: PAGE_PATH,
    headers,
    status: 200,
  }));
  return withPool(url, CONNECTIONS, async (pool) => {
    const ask = async (count: number): Promise<void> => {
      let left = count;
      await Promise.all(
        pages.map(async (page) => {
          while (left-- > 0) await send(pool, page);
        }),
      );
    };
    await ask(WARM_UP_HITS);
    for (let attempt = 1; ; attempt += 1) {
      await statements.reset();
      const before = await stage.redisCommands.total();
      await ask(hits);
      // The query of the total is a command itself.
      const redisCommands = (await stage.redisCommands.total()) - before - 1;
      const costs = { hits, redisCommands, statements: allStatements(await statements.counts()) };
      if (costs.statements === 0 || attempt === ATTEMPTS) return costs;
    }
  });
}
