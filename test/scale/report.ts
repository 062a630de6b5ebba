import { shown } from '../bench/report/numbers.js';
import { table } from '../bench/report/table.js';
import { thisMachine } from '../bench/report/machine.js';
import {
  ASSUMPTIONS,
  capacityFor,
  demandOf,
  firstBottleneck,
  FULL_AT,
  KINDS,
  LIMITS,
  type Cost,
  type Costs,
  type Demand,
  type Rates,
} from './capacity-model.js';

/** What a hit costs a node, how many it gave in a second, and the memory of its processes in bytes. */
export type NodeFigures = Cost & { readonly perSecond: number; readonly memory: number };

/** The instances of the mixed load. */
export const CHECKED_INSTANCES = 2;

const MIB = 1024 ** 2;
const CLIENTS = [1_000, 100_000, 1_000_000];
const NAMES = {
  unchanged: 'list, unchanged (304)',
  list: 'list of 50 orders',
  order: 'one order',
  dashboard: 'dashboard',
  create: 'new order',
  renewal: 'at each instance, for each new order',
  idle: 'an idle instance, each second',
} as const;
const REMEDIES = {
  redis:
    'Let clients listen to live events instead of polling, poll less often, or give each site its own installation: Redis executes commands on one core, and the keys of an installation lie on one node of a cluster.',
  postgres: 'Give PostgreSQL more cores: only writes and the loads after them reach it.',
  instances:
    'Then each instance has no time left beside the lists that it makes anew and compresses: take fewer new orders, or refresh less often than they come.',
  bytes: 'Let clients listen to live events instead of polling, or put the instances behind more than one network.',
} as const;

export function describeCosts(costs: Costs, memoryPerStream: number): string {
  const { cpu, cores, node } = thisMachine();
  const rows = [...KINDS, 'renewal' as const, 'idle' as const].map((kind) => {
    const { api, redis, postgres, commands, statements, bytes } = costs[kind];
    return [NAMES[kind], ...[api, redis, postgres, 1_000 * commands, 1_000 * statements, bytes].map(shown)];
  });
  return [
    '## What a request costs',
    `${cpu}, ${cores} cores, ${node}. CPU times in microseconds. A list, an order and the dashboard are hits. After a new order, each instance gets the list and the dashboard anew, and compresses them.`,
    table(
      ['request', 'API', 'Redis', 'PostgreSQL', 'Redis commands per 1,000', 'SQL statements per 1,000', 'bytes'],
      rows,
    ),
    `A stream of live events costs ${shown(memoryPerStream / 1024)} KiB.`,
  ].join('\n\n');
}

export function describeNodes(
  nodes: readonly { readonly instances: number; readonly workers: number }[],
  figures: readonly NodeFigures[],
): string {
  const rows = figures.map(({ perSecond, api, commands, statements, memory }, i) => [
    `${nodes[i]?.instances ?? 0} × ${nodes[i]?.workers ?? 0}`,
    ...[perSecond, api, 1_000 * commands, 1_000 * statements, memory / MIB].map(shown),
  ]);
  return [
    '## Instances and workers',
    'Hits of a list. The clients need cores of this machine, too.',
    table(
      [
        'instances × workers',
        'hits/s',
        'CPU, µs',
        'Redis commands per 1,000',
        'SQL statements per 1,000',
        'memory, MiB',
      ],
      rows,
    ),
  ].join('\n\n');
}

/** Compares what a mixed load has cost with what the model expects. */
export function describeCheck(rates: Rates, measured: Demand, costs: Costs): string {
  const expected = demandOf(rates, costs, CHECKED_INSTANCES);
  const row = (name: string, of: keyof typeof measured, unit = 1): readonly string[] => [
    name,
    ...[expected[of] * unit, measured[of] * unit, measured[of] / expected[of]].map(shown),
  ];
  const mix = KINDS.map((kind) => `${NAMES[kind]}: ${shown(rates[kind])}`).join(', ');
  return [
    '## The model against a mixed load',
    `${CHECKED_INSTANCES} instances. Requests a second: ${mix}.`,
    table(
      ['in a second', 'by the model', 'measured', 'ratio'],
      [
        row('CPU of the API, ms', 'api', 1_000),
        row('CPU of Redis, ms', 'redis', 1_000),
        row('CPU of PostgreSQL, ms', 'postgres', 1_000),
        row('Redis commands', 'commands'),
        row('SQL statements', 'statements'),
      ],
    ),
  ].join('\n\n');
}

export function describeCapacity(costs: Costs, memoryPerStream: number): string {
  const { interval, polls, creates } = ASSUMPTIONS;
  const rows = CLIENTS.map((clients) => {
    const { instances, redis, postgres, commands, statements, bytes } = capacityFor(clients, costs);
    const cores = [redis, postgres].map((needed) => needed / FULL_AT);
    return [
      clients.toLocaleString('en-US'),
      ...[clients / interval, instances, ...cores, commands, statements, (8 * bytes) / 1e6].map(shown),
      shown((clients * memoryPerStream) / MIB),
    ];
  });
  const { resource, clients } = firstBottleneck(costs);
  const shares = Object.entries(polls).map(([kind, share]) => `${NAMES[kind as keyof typeof polls]} ${share * 100} %`);
  const what = { redis: 'Redis', postgres: 'PostgreSQL', bytes: 'the network', instances: 'the API' }[resource];
  return [
    '## How far it goes',
    `Assumed: each client polls every ${interval} seconds (${shares.join(', ')}), and for 10,000 polls there is ${shown(10_000 * creates)} new order. A process or a server is full at ${FULL_AT * 100} % of its cores; Redis has ${LIMITS.redis}, PostgreSQL ${LIMITS.postgres}, the network ten gigabits. Instances are added as needed: each needs one core.`,
    table(
      [
        'clients',
        'requests/s',
        'instances',
        'cores for Redis',
        'cores for PostgreSQL',
        'Redis commands/s',
        'SQL statements/s',
        'Mbit/s',
        'memory if all listen, MiB',
      ],
      rows,
    ),
    `The first bottleneck is ${what}, at ${shown(clients)} clients. ${REMEDIES[resource]}`,
  ].join('\n\n');
}
