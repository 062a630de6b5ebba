import { newOrder } from '../../support/test-orders.js';
import type { Plan } from '../arguments.js';
import { closedLoop, send } from '../measure/closed-loop.js';
import { Latencies, type LatencyFigures } from '../measure/latencies.js';
import { withPool } from '../measure/pool.js';
import { rotated } from '../measure/spread.js';
import { note } from '../note.js';
import type { ServerName } from '../servers/programs.js';
import type { ServerProcess } from '../servers/server-process.js';
import type { Stage } from '../servers/stage.js';

export interface CreateFigures extends LatencyFigures {
  readonly createsPerSecond: number;
  /** CPU time of the server's process, in microseconds. */
  readonly cpuPerRequest: number | undefined;
}

export interface CreateResult {
  readonly name: string;
  readonly rounds: readonly CreateFigures[];
}

export const CACHE_ON = 'cache on (Redis)';
export const CACHE_OFF = 'cache off';

const CONTENDERS: readonly { readonly name: string; readonly server: ServerName }[] = [
  { name: CACHE_ON, server: 'api-redis' },
  { name: CACHE_OFF, server: 'api-uncached' },
];
const CLIENTS = 16;

/** Measures what the cache costs writers. Each client is a partner of its own. */
export async function measureCreates(
  stage: Stage,
  { rounds, seconds, warmUp }: Plan,
): Promise<readonly CreateResult[]> {
  const partners = await stage.callers('partner', CLIENTS);
  const headers = partners.map((partner) => ({ ...partner, 'content-type': 'application/json' }));
  const contenders: { name: string; server: ServerProcess; rounds: CreateFigures[] }[] = [];
  for (const { name, server } of CONTENDERS) contenders.push({ name, server: await stage.server(server), rounds: [] });

  for (const { server } of contenders) await create(server, headers, { warmUp: 0, seconds: warmUp });

  for (let round = 0; round < rounds; round += 1) {
    for (const { name, server, rounds: figures } of rotated(contenders, round)) {
      const measured = await create(server, headers, { warmUp, seconds });
      server.checkAlive();
      figures.push(measured);
      note(`creates ${round + 1}/${rounds}: ${name}: ${Math.round(measured.createsPerSecond)}/s`);
    }
  }
  return contenders.map(({ name, rounds: figures }) => ({ name, rounds: figures }));
}

async function create(
  { url, pid }: ServerProcess,
  headers: readonly Readonly<Record<string, string>>[],
  { warmUp, seconds }: { readonly warmUp: number; readonly seconds: number },
): Promise<CreateFigures> {
  return withPool(url, CLIENTS, async (pool) => {
    let number = 0;
    const run = async (length: number): Promise<{ latencies: Latencies; elapsed: number; cpu: number | undefined }> => {
      const latencies = new Latencies();
      const spent = await closedLoop({ clients: CLIENTS, seconds: length, pids: [pid] }, async (client) => {
        const body = JSON.stringify(orderOf((number += 1)));
        const { milliseconds } = await send(pool, {
          method: 'POST',
          path: '/api/v1/orders',
          headers: headers[client] ?? {},
          body,
          status: 201,
        });
        latencies.record(milliseconds);
      });
      return { latencies, ...spent };
    };
    if (warmUp > 0) await run(warmUp);
    const { latencies, elapsed, cpu } = await run(seconds);
    return {
      createsPerSecond: latencies.count / (elapsed / 1_000_000),
      ...latencies.figures(),
      cpuPerRequest: cpu === undefined ? undefined : cpu / latencies.count,
    };
  });
}

function orderOf(number: number): Record<string, unknown> {
  return newOrder({
    customer: { id: `C-${number % 5_000}`, name: `Customer ${number % 5_000}` },
    quantity: 1 + (number % 9),
    price: { amount: `${100 + (number % 900)}.50`, currency: 'EUR' },
    comment: `Order ${number} of the benchmark`,
  });
}
