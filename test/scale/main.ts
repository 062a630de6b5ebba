import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { runProgram } from '../support/run-program.js';
import { EventStream } from '../support/event-stream.js';
import { note } from '../bench/note.js';
import { Resources } from '../bench/servers/resources.js';
import { Stage } from '../bench/servers/stage.js';
import { readScaleArguments, SCALE_USAGE, type ScalePlan } from './arguments.js';
import { costOf, KINDS, type Cost, type Costs, type Demand, type Kind, type Rates } from './capacity-model.js';
import { Clients, type LoadResult } from './load.js';
import { Node } from './node.js';
import {
  CHECKED_INSTANCES,
  describeCapacity,
  describeCheck,
  describeCosts,
  describeNodes,
  type NodeFigures,
} from './report.js';

// `npm run scale`: measures what requests cost one node alone, makes a model of it, compares the model with a mixed load that it was
// not made from, and prints for how many clients which resources are enough. The clients run on the same machine, so rates are lower
// than a node could reach; CPU times for each request are not.

/** The nodes whose hits are compared. */
const NODES = [
  { instances: 1, workers: 1 },
  { instances: 2, workers: 1 },
  { instances: 4, workers: 1 },
  { instances: 1, workers: 2 },
  { instances: 1, workers: 4 },
] as const;
const CLIENTS = 16;
const WARM_UP_SECONDS = 3;
/** Streams of one caller. */
const STREAMS_PER_CALLER = 5;
/** The mixed load. Its clients pause, so that no process is busy all the time, but is as busy as in the other measurements. */
const MIX: readonly Kind[] = [...Array<Kind>(7).fill('unchanged'), 'list', 'order', 'dashboard'];
const MIXED_INTERVAL_MS = 10;
/** One of so many requests of the mixed load is a new order. */
const CREATE_EVERY = 50;

const resources = new Resources();

async function run(plan: ScalePlan): Promise<void> {
  const stage = await Stage.open(resources, plan.orders);
  const costs: Costs = {
    ...(await onNode(stage, 1, 1, (node, clients) => measureCosts(node, clients, plan))),
    renewal: await onNode(stage, CHECKED_INSTANCES, 1, (node, clients) => measureRenewal(node, clients, plan)),
  };
  const memory = await onNode(stage, 1, 1, (node) => memoryPerStream(stage, node, plan.streams));
  const nodes: NodeFigures[] = [];
  for (const { instances, workers } of NODES) {
    nodes.push(await onNode(stage, instances, workers, (node, clients) => figuresOf(node, clients, plan)));
  }
  const check = await onNode(stage, CHECKED_INSTANCES, 1, (node, clients) => measureMix(node, clients, plan));
  console.log(
    [
      describeCosts(costs, memory),
      describeNodes(NODES, nodes),
      describeCheck(check.rates, check.measured, costs),
      describeCapacity(costs, memory),
    ].join('\n\n'),
  );
}

async function onNode<T>(
  stage: Stage,
  instances: number,
  workers: number,
  use: (node: Node, clients: Clients) => Promise<T>,
): Promise<T> {
  note(`${instances} × ${workers}: starting`);
  const node = await resources.start(
    () => Node.start(stage, instances, workers),
    (started) => started.stop(),
  );
  const clients = await Clients.connect(stage, node.instances, CLIENTS);
  try {
    return await use(node, clients);
  } finally {
    await clients.close();
    await node.stop();
  }
}

async function measureCosts(node: Node, clients: Clients, { seconds }: ScalePlan): Promise<Omit<Costs, 'renewal'>> {
  const costs: Partial<Record<Kind, Cost>> = {};
  for (const kind of KINDS) {
    const plan = { clients: CLIENTS, interval: 0, next: () => kind };
    await clients.run({ ...plan, seconds: WARM_UP_SECONDS });
    const cost = await node.measure(() => clients.run({ ...plan, seconds }));
    costs[kind] = cost;
    note(`${kind}: ${cost.api.toFixed(0)} µs`);
  }
  const idle = await node.measure(async () => {
    await delay(seconds * 1_000);
    return { requests: seconds, bytes: 0 };
  });
  return { ...(costs as Record<Kind, Cost>), idle };
}

/** What a new order costs an instance at which the list and the dashboard are read: the difference that the reads make. */
async function measureRenewal(node: Node, clients: Clients, { seconds }: ScalePlan): Promise<Cost> {
  await clients.renew(WARM_UP_SECONDS, true);
  const alone = await node.measure(() => clients.renew(seconds, false));
  const read = await node.measure(() => clients.renew(seconds, true));
  return costOf((part) => (read[part] - alone[part]) / node.instances.length);
}

async function figuresOf(node: Node, clients: Clients, { seconds }: ScalePlan): Promise<NodeFigures> {
  const plan = { clients: CLIENTS, interval: 0, next: (): Kind => 'list' };
  await clients.run({ ...plan, seconds: WARM_UP_SECONDS });
  let perSecond = 0;
  const cost = await node.measure(async () => {
    const result = await clients.run({ ...plan, seconds });
    perSecond = result.requests / result.seconds;
    return result;
  });
  return { ...cost, perSecond, memory: await node.memory() };
}

/** What a mixed load costs in each second. */
async function measureMix(
  node: Node,
  clients: Clients,
  { seconds }: ScalePlan,
): Promise<{ readonly rates: Rates; readonly measured: Demand }> {
  let turn = 0;
  const next = (): Kind => {
    turn += 1;
    return turn % CREATE_EVERY === 0 ? 'create' : (MIX[turn % MIX.length] ?? 'unchanged');
  };
  const plan = { clients: CLIENTS, interval: MIXED_INTERVAL_MS, next };
  await clients.run({ ...plan, seconds: WARM_UP_SECONDS });
  let result: LoadResult | undefined;
  const cost = await node.measure(async () => (result = await clients.run({ ...plan, seconds: 2 * seconds })));
  const { requests = 0, seconds: length = 1, counts } = result ?? {};
  const rates = Object.fromEntries(KINDS.map((kind) => [kind, (counts?.get(kind) ?? 0) / length])) as Record<
    Kind,
    number
  >;
  const perSecond = costOf((part) => (cost[part] * requests) / length);
  const { api, redis, postgres } = perSecond;
  return { rates, measured: { ...perSecond, api: api / 1e6, redis: redis / 1e6, postgres: postgres / 1e6 } };
}

/** The memory that a stream of live events costs, in bytes. */
async function memoryPerStream(stage: Stage, node: Node, count: number): Promise<number> {
  const [instance] = node.instances;
  if (!instance) throw new Error('there is no instance');
  const callers = await Promise.all(
    Array.from({ length: Math.ceil(count / STREAMS_PER_CALLER) }, (_, i) => stage.token('operator', `watcher-${i}`)),
  );
  const open = (from: number, to: number): Promise<EventStream[]> =>
    Promise.all(
      Array.from({ length: to - from }, (_, i) => {
        const token = callers[Math.floor((from + i) / STREAMS_PER_CALLER)] ?? '';
        return EventStream.open(instance.url, { token });
      }),
    );
  // The first streams cost what all share.
  const half = Math.floor(count / 2);
  const streams = await open(0, half);
  const before = await node.memory();
  streams.push(...(await open(half, count)));
  const after = await node.memory();
  for (const stream of streams) stream.drop();
  return (after - before) / (count - half);
}

runProgram({
  usage: SCALE_USAGE,
  read: readScaleArguments,
  run,
  resources,
  failure: 'The measurement has failed',
});
