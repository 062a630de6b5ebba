import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'redis';
import type { ApiInstance } from '../consistency/system/api-instance.js';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { createAtOnce } from './create-at-once.js';
import type { Fault, Scene } from './fault.js';
import { instanceAt } from './instance-at.js';
import { REDIS_DEADLINE_MS } from './stage.js';
import { WHILE } from './while.js';

/** Longer than the time limit of an instance for Redis, in milliseconds. */
const HICCUP_MS = REDIS_DEADLINE_MS + 50;
/** Long enough for requests to be in progress, in milliseconds. */
const BEGIN_OF_HICCUP_MS = 20;
const HICCUPS = 10;
const MANY_ORDERS = 400;
/** An address without a server: port 9 belongs to the discard protocol. */
const NOBODY = ['127.0.0.1', '9'];

/** Faults of Redis and of the connections to it. */
export const REDIS_FAULTS: readonly Fault[] = [
  {
    name: 'redis-killed',
    title: 'Redis is killed, and comes back empty later',
    alerts: ['MesCacheUnavailable', 'MesEpochRenewed'],
    happen: async ({ redis }) => {
      await redis.kill();
      await delay(WHILE);
      await redis.restart();
    },
  },
  {
    name: 'redis-restarted',
    title: 'Redis is restarted three times, empty',
    alerts: ['MesEpochRenewed'],
    happen: async ({ redis }) => {
      for (let i = 0; i < 3; i += 1) {
        await redis.restart();
        await delay(WHILE / 3);
      }
    },
  },
  {
    name: 'redis-old-snapshot',
    title: 'Redis is restarted from a snapshot that lacks the last writes',
    alerts: ['MesEpochRenewed'],
    happen: async ({ redis }) => {
      await command(redis, ['SAVE']);
      await delay(WHILE);
      await redis.restartFromSnapshot();
    },
  },
  {
    name: 'redis-hung',
    title: 'Redis hangs (SIGSTOP)',
    alerts: ['MesCacheUnavailable'],
    happen: async ({ redis }) => {
      redis.pause();
      await delay(WHILE);
      redis.resume();
    },
  },
  {
    name: 'redis-vanished',
    title: 'Redis vanishes: old connections stay silent, new ones work',
    alerts: ['MesRedisFailing'],
    happen: async ({ system }) => {
      for (const { redis } of system.instances) redis.vanish();
      await delay(WHILE);
    },
  },
  {
    name: 'redis-flushed',
    title: 'Redis is flushed again and again',
    alerts: ['MesEpochRenewed'],
    happen: async ({ redis }) => {
      for (let i = 0; i < 15; i += 1) {
        await command(redis, ['FLUSHALL']);
        await delay(WHILE / 15);
      }
    },
  },
  {
    name: 'redis-full',
    title: 'Redis is full and evicts nothing (noeviction)',
    alerts: ['MesCacheUnavailable'],
    happen: (scene) => withMemory(scene, 'noeviction', () => 1),
  },
  {
    name: 'redis-evicts',
    title: 'Redis is full and evicts random keys (allkeys-random)',
    alerts: ['MesRedisEvictsPendingWrites'],
    happen: (scene) => withMemory(scene, 'allkeys-random', (used) => Math.floor(used * 0.95)),
  },
  {
    name: 'redis-read-only',
    title: 'Redis becomes a read-only replica',
    alerts: ['MesCacheUnavailable'],
    happen: async ({ redis }) => {
      await command(redis, ['REPLICAOF', ...NOBODY]);
      await delay(WHILE);
      await command(redis, ['REPLICAOF', 'NO', 'ONE']);
    },
  },
  {
    name: 'redis-slow',
    title: 'Redis is slow: 150 ms per round trip',
    alerts: ['MesCacheUnavailable'],
    happen: (scene) => slowly(scene, 75),
  },
  {
    name: 'redis-very-slow',
    title: 'Redis is very slow: 400 ms per round trip',
    alerts: ['MesCacheUnavailable'],
    happen: (scene) => slowly(scene, 200),
  },
  {
    name: 'redis-hiccup',
    title: `Redis takes ${HICCUP_MS} ms for one reply to one instance, ${HICCUPS} times`,
    alerts: ['MesRedisFailing'],
    touches: 1,
    happen: async ({ system }) => {
      const { redis } = instanceAt(system, 0);
      for (let i = 0; i < HICCUPS; i += 1) {
        redis.delay(HICCUP_MS);
        await delay(BEGIN_OF_HICCUP_MS);
        redis.mend();
        await delay(WHILE / 5);
      }
    },
  },
  {
    name: 'redis-failed-over',
    title: 'Redis fails over to a replica that lacks the last writes',
    alerts: ['MesEpochRenewed'],
    happen: (scene) =>
      withReplica(scene, async ({ system, redis }, replica, way) => {
        way.block();
        await delay(WHILE / 3);
        await redis.kill();
        await command(replica, ['REPLICAOF', 'NO', 'ONE']);
        turnTo(system.instances, replica.url);
        await delay(WHILE / 2);
        await redis.restart();
        turnTo(system.instances, redis.url);
      }),
  },
  {
    name: 'redis-split',
    title: 'Redis fails over to a replica, while the old primary still answers one instance',
    alerts: ['MesEpochRenewed'],
    happen: (scene) =>
      withReplica(scene, async ({ system, redis }, replica) => {
        await command(replica, ['REPLICAOF', 'NO', 'ONE']);
        const [left, ...turned] = system.instances;
        turnTo(turned, replica.url);
        await delay(2 * WHILE);
        if (left) turnTo([left], replica.url);
        await delay(WHILE);
        await redis.restart();
        turnTo(system.instances, redis.url);
      }),
  },
  {
    name: 'cut-off',
    title: 'one instance is cut off from Redis: connections break',
    alerts: ['MesCacheUnavailable'],
    touches: 1,
    happen: (scene) =>
      cutOff(scene, ({ redis }) => {
        redis.cut();
      }),
  },
  {
    name: 'cut-off-silently',
    title: 'one instance is cut off from Redis: packets are dropped',
    alerts: ['MesCacheUnavailable'],
    touches: 1,
    happen: (scene) =>
      cutOff(scene, ({ redis }) => {
        redis.block();
      }),
  },
  {
    name: 'cut-off-many-orders',
    title: `${MANY_ORDERS} orders are created at once through an instance that is cut off from Redis`,
    alerts: ['MesCacheUnavailable'],
    touches: 1,
    happen: (scene) =>
      cutOff(scene, ({ redis }) => {
        redis.cut();
        return createAtOnce(scene.system, instanceAt(scene.system, 0), MANY_ORDERS);
      }),
  },
];

async function command(server: RedisServer, words: readonly string[]): Promise<void> {
  await withClient(server, (client) => client.sendCommand([...words]));
}

async function withClient<T>(
  server: RedisServer,
  use: (client: ReturnType<typeof createClient>) => Promise<T>,
): Promise<T> {
  const client = createClient({ url: server.url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.disconnect();
  }
}

/** Limits the memory of Redis for a while. `limit` takes the used memory and returns the limit, both in bytes. */
async function withMemory({ redis }: Scene, policy: string, limit: (used: number) => number): Promise<void> {
  const used = await withClient(redis, async (client) => /used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
  await command(redis, ['CONFIG', 'SET', 'maxmemory-policy', policy, 'maxmemory', String(limit(Number(used)))]);
  // The alert waits for the policy to stay for a minute of Prometheus.
  await delay(2 * WHILE);
  await command(redis, ['CONFIG', 'SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '0']);
}

async function slowly({ system }: Scene, latency: number): Promise<void> {
  for (const { redis } of system.instances) redis.delay(latency);
  await delay(WHILE);
  for (const { redis } of system.instances) redis.mend();
}

/** @param cut disturbs the connections of the instance */
async function cutOff({ system }: Scene, cut: (instance: ApiInstance) => void | Promise<void>): Promise<void> {
  const instance = instanceAt(system, 0);
  await Promise.all([cut(instance), delay(WHILE)]);
  instance.redis.mend();
}

/** Starts a replica, and passes it on with its proxy to the primary once it is in sync. */
async function withReplica(
  scene: Scene,
  happen: (scene: Scene, replica: RedisServer, way: TcpProxy) => Promise<void>,
): Promise<void> {
  const way = await TcpProxy.open(scene.redis.url);
  const replica = await RedisServer.start({ args: ['--replicaof', '127.0.0.1', new URL(way.url).port] });
  try {
    await withClient(replica, async (client) => {
      while (!(await client.info('replication')).includes('master_link_status:up')) await delay(10);
    });
    await happen(scene, replica, way);
  } finally {
    await replica.stop();
    await way.close();
  }
}

function turnTo(instances: readonly ApiInstance[], url: string): void {
  for (const { redis } of instances) {
    redis.divert(url);
    redis.breakConnections();
  }
}
