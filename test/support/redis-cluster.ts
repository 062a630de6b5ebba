import { freePort } from '../../libs/database/src/embedded/server-process.js';
import { eventually } from './eventually.js';
import { redisCommand } from './redis-command.js';
import { RedisServer } from './redis-server.js';

const SLOTS = 16_384;
/** A node that is slow because the machine is busy must not be taken for dead. */
const NODE_TIMEOUT_MS = 5_000;

const MASTERS = 3;

interface ClusterNode {
  readonly server: RedisServer;
  /** The port for the other nodes. */
  readonly busPort: number;
  readonly id: string;
}

/** A real Redis Cluster: three masters, each with a replica. */
export class RedisCluster {
  private constructor(private readonly nodes: readonly ClusterNode[]) {}

  /** Starts a cluster and waits until every node agrees that it works. */
  static async start(): Promise<RedisCluster> {
    const nodes: ClusterNode[] = [];
    const cluster = new RedisCluster(nodes);
    try {
      for (let i = 0; i < 2 * MASTERS; i += 1) nodes.push(await startNode());
      await cluster.join();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  get url(): string {
    return `redis://${this.nodes.map(({ server }) => `127.0.0.1:${server.port}`).join()}`;
  }

  async sendToAll(...words: readonly string[]): Promise<void> {
    await Promise.all(this.nodes.map((node) => send(node, ...words)));
  }

  /** Moves the slot of a key, with all its keys, to another master. Calls `midway` before and after the keys move. */
  async migrate(key: string, midway: () => Promise<void>): Promise<void> {
    const { slot, owner: from } = await this.ownerOf(key);
    const masters = this.nodes.slice(0, MASTERS);
    const [to = from] = masters.filter((node) => node !== from);
    await send(to, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id);
    await send(from, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id);
    await midway();
    const keysLeft = (): Promise<string[]> => send(from, 'CLUSTER', 'GETKEYSINSLOT', slot, 100);
    for (let keys = await keysLeft(); keys.length > 0; keys = await keysLeft())
      await send(from, 'MIGRATE', '127.0.0.1', to.server.port, '', 0, 5_000, 'KEYS', ...keys);
    await midway();
    for (const node of [to, ...masters.filter((each) => each !== to)])
      await send(node, 'CLUSTER', 'SETSLOT', slot, 'NODE', to.id);
  }

  /** Ends the master that has a key with SIGKILL, and waits for its replica to take over, which happens after `meanwhile`. */
  async failOver(key: string, meanwhile: () => Promise<void>): Promise<void> {
    const { owner } = await this.ownerOf(key);
    const replica = this.node(this.nodes.indexOf(owner) + MASTERS);
    replica.server.pause();
    await owner.server.kill();
    await meanwhile();
    replica.server.resume();
    await eventually(async () => (await send<string[]>(replica, 'ROLE'))[0] === 'master');
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map(({ server }) => server.stop()));
  }

  /** The slot of a key, and the master that has it. */
  private async ownerOf(key: string): Promise<{ readonly slot: number; readonly owner: ClusterNode }> {
    const slot = await send<number>(this.node(0), 'CLUSTER', 'KEYSLOT', key);
    const ranges = await send<[from: number, to: number, master: [host: string, port: number]][]>(
      this.node(0),
      'CLUSTER',
      'SLOTS',
    );
    const [, , [, port]] = ranges.find(([from, to]) => from <= slot && slot <= to) ?? [0, 0, ['', 0]];
    const owner = this.nodes.find(({ server }) => server.port === port);
    if (!owner) throw new Error(`no node of the cluster has slot ${slot}`);
    return { slot, owner };
  }

  private node(index: number): ClusterNode {
    const node = this.nodes[index];
    if (!node) throw new Error(`the cluster has no node ${index}`);
    return node;
  }

  private async join(): Promise<void> {
    const first = this.node(0);
    for (let i = 0; i < MASTERS; i += 1) {
      await send(this.node(i), 'CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
      await send(this.node(i), 'CLUSTER', 'ADDSLOTSRANGE', firstSlotOf(i), firstSlotOf(i + 1) - 1);
    }
    for (const { server, busPort } of this.nodes.slice(1))
      await send(first, 'CLUSTER', 'MEET', '127.0.0.1', server.port, busPort);
    const replicas = this.nodes.slice(MASTERS);
    for (const [i, replica] of replicas.entries()) {
      const master = this.node(i);
      await eventually(async () => (await send<string>(replica, 'CLUSTER', 'NODES')).includes(master.id));
      await send(replica, 'CLUSTER', 'REPLICATE', master.id);
    }
    for (const node of this.nodes) {
      await eventually(async () => {
        const [info, known] = [
          await send<string>(node, 'CLUSTER', 'INFO'),
          await send<string>(node, 'CLUSTER', 'NODES'),
        ];
        return info.includes('cluster_state:ok') && known.split('slave ').length > MASTERS;
      });
    }
    for (const replica of replicas) {
      await eventually(async () =>
        (await send<string>(replica, 'INFO', 'replication')).includes('master_link_status:up'),
      );
    }
  }
}

async function startNode(): Promise<ClusterNode> {
  const busPort = await freePort();
  const settings = { 'cluster-enabled': 'yes', 'cluster-port': busPort, 'cluster-node-timeout': NODE_TIMEOUT_MS };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = await RedisServer.start({ args });
  return { server, busPort, id: await redisCommand<string>({ url: server.url }, 'CLUSTER', 'MYID') };
}

function send<T>({ server }: ClusterNode, ...words: readonly (string | number)[]): Promise<T> {
  return redisCommand<T>({ url: server.url }, ...words);
}

/** The masters share the slots equally. */
function firstSlotOf(master: number): number {
  return Math.floor((SLOTS * master) / MASTERS);
}
