import type { Pool } from 'undici';
import type { Plan } from '../arguments.js';
import { Floor } from '../factory-day/floor.js';
import { Schedule } from '../factory-day/schedule.js';
import { closedLoop } from '../measure/closed-loop.js';
import type { LatencyFigures } from '../measure/latencies.js';
import { CONNECTIONS } from '../measure/load.js';
import { withPool } from '../measure/pool.js';
import { rotated } from '../measure/spread.js';
import type { StatementCounts } from '../measure/statement-counter.js';
import { note } from '../note.js';
import type { ServerName } from '../servers/programs.js';
import type { ServerProcess } from '../servers/server-process.js';
import type { Stage } from '../servers/stage.js';

export interface FactoryDayFigures {
  readonly requestsPerSecond: number;
  readonly reads: LatencyFigures & { readonly count: number };
  readonly writes: LatencyFigures & { readonly count: number };
  readonly statements: StatementCounts;
  /** SELECTs of lists, dashboards and orders per 1,000 reads, whatever caused them. */
  readonly statementsPerThousandReads: number;
  /** Loads that readers waited for per 1,000 reads, as the instances count them. Absent without a cache. */
  readonly loadsPerThousandReads: number | undefined;
  /** Loads per 1,000 reads if writes only evicted and the steps ran one after the other. */
  readonly neededPerThousandReads: number;
  /** CPU time of both instances per request, in microseconds. */
  readonly cpuPerRequest: number | undefined;
}

export interface FactoryDayResult {
  readonly name: string;
  readonly rounds: readonly FactoryDayFigures[];
}

export const CACHED_DAY = 'two instances, one Redis';
export const UNCACHED_DAY = 'two instances, no cache';

/** Interval of each client's requests, in milliseconds. */
export const INTERVAL = 50;

interface Contender {
  readonly name: string;
  readonly servers: readonly [ServerProcess, ServerProcess];
  readonly cached: boolean;
  readonly interval: number;
  readonly rounds: FactoryDayFigures[];
}

/** Measures reads while operators poll and orders are created and change: their latency, and the statements that they cause. */
export async function measureFactoryDay(stage: Stage, plan: Plan): Promise<readonly FactoryDayResult[]> {
  const pair = async (first: ServerName, second: ServerName): Promise<[ServerProcess, ServerProcess]> => [
    await stage.server(first),
    await stage.server(second),
  ];
  const cached = await pair('api-redis', 'api-redis-2');
  const uncached = await pair('api-uncached', 'api-uncached-2');
  const contenders: readonly Contender[] = [
    { name: CACHED_DAY, servers: cached, cached: true, interval: INTERVAL, rounds: [] },
    { name: UNCACHED_DAY, servers: uncached, cached: false, interval: INTERVAL, rounds: [] },
    { name: `without a pause: ${CACHED_DAY}`, servers: cached, cached: true, interval: 0, rounds: [] },
    { name: `without a pause: ${UNCACHED_DAY}`, servers: uncached, cached: false, interval: 0, rounds: [] },
  ];
  for (let round = 0; round < plan.factoryRounds; round += 1) {
    for (const contender of rotated(contenders, round)) {
      const { name, rounds } = contender;
      const figures = await live(stage, contender, `factory day ${round}`, plan);
      rounds.push(figures);
      note(
        `factory day ${round + 1}/${plan.factoryRounds}: ${name}: ${Math.round(figures.requestsPerSecond)}/s, ` +
          `${figures.statementsPerThousandReads.toFixed(1)} statements per 1000 reads`,
      );
    }
  }
  return contenders.map(({ name, rounds }) => ({ name, rounds }));
}

async function live(
  stage: Stage,
  { servers, cached, interval }: Contender,
  seed: string,
  { factorySeconds, warmUp }: Plan,
): Promise<FactoryDayFigures> {
  const [operator, partner] = [await stage.authorization('operator'), await stage.authorization('partner')];
  const json = { 'content-type': 'application/json' };
  const headers = {
    readers: await stage.callers('operator', CONNECTIONS),
    operator: { ...operator, ...json },
    partner: { ...partner, ...json },
  };
  const statements = await stage.statements();
  const [{ url: first }, { url: second }] = servers;
  const half = CONNECTIONS / 2;
  return withPool(first, half, (one) =>
    withPool(second, half, async (other) => {
      const run = async (name: string, seconds: number): Promise<FactoryDayFigures> => {
        const floor = new Floor(new Schedule(name), headers);
        await floor.prepare(one);
        const loadsBefore = cached ? await loadsOf(stage, servers) : 0;
        await statements.reset();
        const pids = servers.map(({ pid }) => pid);
        const { elapsed, cpu } = await closedLoop({ clients: CONNECTIONS, seconds, pids, interval }, (client) =>
          floor.step(instanceOf(client, one, other), client),
        );
        const counts = await statements.counts();
        const loads = cached ? (await loadsOf(stage, servers)) - loadsBefore : undefined;
        const { reads, writes, neededLoads } = floor;
        const caused = counts.list + counts.dashboard + counts.order;
        if (!cached && caused < reads.count) {
          throw new Error(`only ${caused} statements were counted for ${reads.count} reads without a cache`);
        }
        const requests = reads.count + writes.count;
        const perThousandReads = (count: number): number => (count / reads.count) * 1_000;
        return {
          requestsPerSecond: requests / (elapsed / 1_000_000),
          reads: { count: reads.count, ...reads.figures() },
          writes: { count: writes.count, ...writes.figures() },
          statements: counts,
          statementsPerThousandReads: perThousandReads(caused),
          loadsPerThousandReads: loads === undefined ? undefined : perThousandReads(loads),
          neededPerThousandReads: perThousandReads(neededLoads),
          cpuPerRequest: cpu === undefined ? undefined : cpu / requests,
        };
      };
      await run(`${seed}, warm-up`, warmUp);
      return run(seed, factorySeconds);
    }),
  );
}

/** The instance of a client. It stays the same, as behind a load balancer that keeps connections. */
function instanceOf(client: number, one: Pool, other: Pool): Pool {
  return client % 2 === 0 ? one : other;
}

/** The number of loads that the instances report. */
async function loadsOf(stage: Stage, servers: readonly ServerProcess[]): Promise<number> {
  const headers = await stage.authorization('admin');
  const loads = await Promise.all(
    servers.map(async ({ url }) => {
      const response = await fetch(`${url}/api/v1/cache/stats`, { headers });
      return ((await response.json()) as { loads: number }).loads;
    }),
  );
  return loads.reduce((sum, count) => sum + count, 0);
}
