import { freePort } from '../../libs/database/src/embedded/server-process.js';
import { eventually } from './eventually.js';
import { redisCommand } from './redis-command.js';
import { RedisServer } from './redis-server.js';

const SLOTS = 16_384;
/** A node that is slow because the machine is busy must not be taken for dead. */
const NODE_TIMEOUT_MS = 5_000;

interface ClusterNode {
  readonly server: RedisServer;
  /** The port for the other nodes. */
  readonly busPort: number;
  readonly id: string;
}

/** A real Redis Cluster: three masters, and one replica of the first. */
export class RedisCluster {
  private constructor(private readonly nodes: readonly ClusterNode[]) {}

  /** Starts a cluster and waits until every node agrees that it works. */
  static async start(): Promise<RedisCluster> {
    const nodes: ClusterNode[] = [];
    const cluster = new RedisCluster(nodes);
    try {
      for (let i = 0; i < 4; i += 1) nodes.push(await startNode());
      await cluster.join();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  get addresses(): { readonly host: string; readonly port: number }[] {
    return this.nodes.map(({ server }) => ({ host: '127.0.0.1', port: server.port }));
  }

  slotOf(key: string): Promise<number> {
    return send<number>(this.node(0), 'CLUSTER', 'KEYSLOT', key);
  }

  /** Whether the first master, the one with a replica, owns the slot at the beginning. */
  isReplicated(slot: number): boolean {
    return slot < firstSlotOf(1);
  }

  /** Moves a slot with its keys from the first master to the second one. Calls `midway` before and after the keys move. */
  async migrate(slot: number, midway: () => Promise<void>): Promise<void> {
    const [from, to] = [this.node(0), this.node(1)];
    await send(to, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id);
    await send(from, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id);
    await midway();
    const keysLeft = (): Promise<string[]> => send(from, 'CLUSTER', 'GETKEYSINSLOT', slot, 100);
    for (let keys = await keysLeft(); keys.length > 0; keys = await keysLeft())
      await send(from, 'MIGRATE', '127.0.0.1', to.server.port, '', 0, 5_000, 'KEYS', ...keys);
    await midway();
    for (const node of [to, from, this.node(2)]) await send(node, 'CLUSTER', 'SETSLOT', slot, 'NODE', to.id);
  }

  /** Ends the first master with SIGKILL. Its replica takes over after `meanwhile`. */
  async killReplicated(meanwhile: () => Promise<void>): Promise<void> {
    const [master, replica] = [this.node(0).server, this.node(3).server];
    replica.pause();
    await master.kill();
    await meanwhile();
    replica.resume();
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map(({ server }) => server.stop()));
  }

  private node(index: number): ClusterNode {
    const node = this.nodes[index];
    if (!node) throw new Error(`the cluster has no node ${index}`);
    return node;
  }

  private async join(): Promise<void> {
    const [first, replica] = [this.node(0), this.node(3)];
    for (let i = 0; i < 3; i += 1) {
      await send(this.node(i), 'CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
      await send(this.node(i), 'CLUSTER', 'ADDSLOTSRANGE', firstSlotOf(i), firstSlotOf(i + 1) - 1);
    }
    for (const { server, busPort } of this.nodes.slice(1))
      await send(first, 'CLUSTER', 'MEET', '127.0.0.1', server.port, busPort);
    await eventually(async () => (await send<string>(replica, 'CLUSTER', 'NODES')).includes(first.id));
    await send(replica, 'CLUSTER', 'REPLICATE', first.id);
    for (const node of this.nodes) {
      await eventually(async () => {
        const [info, known] = [
          await send<string>(node, 'CLUSTER', 'INFO'),
          await send<string>(node, 'CLUSTER', 'NODES'),
        ];
        return info.includes('cluster_state:ok') && known.includes(`slave ${first.id}`);
      });
    }
    await eventually(async () =>
      (await send<string>(replica, 'INFO', 'replication')).includes('master_link_status:up'),
    );
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
  return Math.floor((SLOTS * master) / 3);
}
