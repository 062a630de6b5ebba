import { RedisCluster } from '../support/redis-cluster.js';
import { RedisSentinels } from '../support/redis-sentinels.js';
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault, Scene } from './fault.js';
import { WHILE } from './while.js';

/** A Redis of several servers. */
interface Topology {
  readonly url: string;
  stop(): Promise<void>;
}

/** Faults of a Redis Cluster and of a Redis that sentinels watch. */
export const TOPOLOGY_FAULTS: readonly Fault[] = [
  {
    name: 'cluster-failed-over',
    title: 'the master of a Redis Cluster is killed, and its replica takes over',
    alerts: ['MesCacheUnavailable', 'MesEpochRenewed'],
    ...over(RedisCluster, async (cluster, { system }) => {
      await cluster.failOver(`{${await system.namespace()}}`, () => delay(WHILE));
    }),
  },
  {
    name: 'cluster-slot-moved',
    title: 'the slot of all keys moves to another master of a Redis Cluster',
    alerts: ['MesEpochRenewed'],
    ...over(RedisCluster, async (cluster, { system }) => {
      await cluster.migrate(`{${await system.namespace()}}`, () => delay(WHILE / 3));
    }),
  },
  {
    name: 'sentinels-failed-over',
    title: 'the primary that sentinels watch is killed, and its replica is promoted',
    alerts: ['MesCacheUnavailable', 'MesEpochRenewed'],
    ...over(RedisSentinels, async (sentinels) => {
      await sentinels.failOver(() => delay(WHILE));
    }),
  },
];

/** Runs a fault over a Redis of several servers, which the instances are turned to before. */
function over<T extends Topology>(
  topology: { start(): Promise<T> },
  happen: (topology: T, scene: Scene) => Promise<void>,
): Pick<Fault, 'prepare' | 'happen' | 'leavesOthers'> {
  let started: T | undefined;
  return {
    leavesOthers: true,
    prepare: async ({ system, resources }) => {
      const servers = await resources.start(
        () => topology.start(),
        (all) => all.stop(),
      );
      started = servers;
      await system.turnToRedis(servers.url);
    },
    happen: async (scene) => {
      if (started) await happen(started, scene);
    },
  };
}
