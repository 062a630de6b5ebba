import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'redis';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import type { ApiInstance } from '../consistency/system/api-instance.js';
import type { Fault, Scene } from './fault.js';

/** How long a fault lasts that does not end by itself, in milliseconds. */
const WHILE = 1_500;

/** Where a writer can die. */
const TITLE_OF = {
  announce: 'it has announced a write',
  commit: 'PostgreSQL has committed it',
  settle: 'the versions have been moved, before it answers',
} as const;

export const FAULTS: readonly Fault[] = [
  { name: 'quiet', title: 'nothing goes wrong', touches: 0, happen: () => delay(WHILE) },
  {
    name: 'redis-killed',
    title: 'Redis is killed, and comes back later, empty',
    happen: async ({ redis }) => {
      await redis.kill();
      await delay(WHILE);
      await redis.restart();
    },
  },
  {
    name: 'redis-restarted',
    title: 'Redis is restarted three times, empty',
    happen: async ({ redis }) => {
      for (let i = 0; i < 3; i += 1) {
        await redis.restart();
        await delay(WHILE / 3);
      }
    },
  },
  {
    name: 'redis-hung',
    title: 'Redis hangs (SIGSTOP)',
    happen: async ({ redis }) => {
      redis.pause();
      await delay(WHILE);
      redis.resume();
    },
  },
  {
    name: 'redis-flushed',
    title: 'Redis is flushed again and again',
    happen: async ({ redis }) => {
      const client = createClient({ url: redis.url });
      await client.connect();
      for (let i = 0; i < 15; i += 1) {
        await client.flushAll();
        await delay(WHILE / 15);
      }
      await client.disconnect();
    },
  },
  {
    name: 'redis-slow',
    title: 'Redis is slow: 40 ms there and back',
    happen: (scene) => slowly(scene, 20),
  },
  {
    name: 'redis-very-slow',
    title: 'Redis is very slow: 400 ms there and back',
    happen: (scene) => slowly(scene, 200),
  },
  {
    name: 'redis-failed-over',
    title: 'Redis fails over to a replica that lacks the last writes',
    happen: failOver,
  },
  {
    name: 'cut-off',
    title: 'one instance is cut off from Redis: connections break',
    happen: (scene) =>
      cutOff(scene, ({ redis }) => {
        redis.cut();
      }),
  },
  {
    name: 'cut-off-silently',
    title: 'one instance is cut off from Redis: nothing arrives any more',
    happen: (scene) =>
      cutOff(scene, ({ redis }) => {
        redis.block();
      }),
  },
  {
    name: 'api-killed',
    title: 'instances are killed at random moments (SIGKILL)',
    mayFail: 'when the process dies',
    happen: async ({ system }) => {
      for (const instance of system.instances.slice(0, 2)) {
        await instance.end('SIGKILL');
        await delay(WHILE / 3);
        await instance.startAgain();
      }
    },
  },
  ...(['announce', 'commit', 'settle'] as const).map((point): Fault => ({
    name: `api-killed-after-${point}`,
    title: `an instance dies between two steps: after ${TITLE_OF[point]}`,
    mayFail: 'when the process dies',
    happen: async ({ system }) => {
      const instance = first(system.instances);
      await instance.end('SIGTERM');
      await instance.startAgain({
        preloads: ['test/faults/preloads/killed-at.ts'],
        environment: { ...instance.plan.environment, KILLED_AFTER: point },
      });
      await instance.ended();
      await instance.startAgain();
    },
  })),
  {
    name: 'postgres-restarted',
    title: 'PostgreSQL crashes, and recovers',
    mayFail: 'while PostgreSQL does not serve',
    happen: async ({ system, postgres }) => {
      const [backend] = await system.table.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE application_name = 'mes-orders-api' LIMIT 1`,
      );
      if (!backend) throw new Error('no instance is connected');
      // When one of its processes is killed, the server ends all others, and recovers as after a crash.
      process.kill(backend.pid, 'SIGKILL');
      await delay(WHILE);
      process.kill(postgres.pid, 0);
    },
  },
  {
    name: 'commit-cut',
    title: 'connections to PostgreSQL break while it commits',
    mayFail: 'while PostgreSQL does not serve',
    happen: async ({ system }) => {
      let writes = 0;
      for (const { database } of system.instances) {
        database.breakAfter((chunk) => {
          if (!/INSERT INTO orders|UPDATE orders SET/.test(chunk.toString('latin1'))) return false;
          writes += 1;
          return writes % 5 === 0;
        });
      }
      await delay(WHILE);
      for (const { database } of system.instances) database.mend();
    },
  },
  {
    name: 'sql-behind',
    title: 'somebody writes SQL behind the API’s back',
    happen: async ({ system }) => {
      for (let i = 0; i < 30; i += 1) {
        await system.table.query(
          `UPDATE orders SET material = $1 WHERE id IN (SELECT id FROM orders ORDER BY random() LIMIT 3)`,
          [`Gold 585 ${i}`],
        );
        await delay(WHILE / 30);
      }
    },
  },
  {
    name: 'clocks-apart',
    title: 'the clock of one instance is ten minutes ahead',
    happen: async ({ system }) => {
      const instance = first(system.instances);
      await instance.end('SIGTERM');
      await instance.startAgain({ preloads: ['test/faults/preloads/clock-ahead.ts'] });
      await delay(WHILE);
      await instance.end('SIGTERM');
      await instance.startAgain();
    },
  },
  {
    name: 'rolling-restart',
    title: 'all instances are restarted, one after the other (SIGTERM)',
    happen: async ({ system }) => {
      for (const instance of system.instances) {
        await instance.end('SIGTERM');
        await instance.startAgain();
      }
    },
  },
];

async function slowly({ system }: Scene, latency: number): Promise<void> {
  for (const { redis } of system.instances) redis.delay(latency);
  await delay(WHILE);
  for (const { redis } of system.instances) redis.mend();
}

async function cutOff({ system }: Scene, cut: (instance: ApiInstance) => void): Promise<void> {
  const instance = first(system.instances);
  cut(instance);
  await delay(WHILE);
  instance.redis.mend();
}

/** The replica is cut off from its master for a while, so that it lacks the last writes when it takes the master's place. */
async function failOver({ system, redis }: Scene): Promise<void> {
  const way = await TcpProxy.open(redis.url);
  const replica = await RedisServer.start({ args: ['--replicaof', '127.0.0.1', new URL(way.url).port] });
  const client = createClient({ url: replica.url });
  try {
    await client.connect();
    while (!(await client.info('replication')).includes('master_link_status:up')) await delay(10);
    way.block();
    await delay(WHILE / 3);
    await redis.kill();
    await client.sendCommand(['REPLICAOF', 'NO', 'ONE']);
    turnTo(system, replica.url);
    await delay(WHILE / 2);
    await redis.restart();
    turnTo(system, redis.url);
  } finally {
    await client.disconnect();
    await replica.stop();
    await way.close();
  }
}

function turnTo(system: Scene['system'], url: string): void {
  for (const instance of system.instances) {
    instance.redis.divert(url);
    instance.redis.breakConnections();
  }
}

function first(instances: readonly ApiInstance[]): ApiInstance {
  const [instance] = instances;
  if (!instance) throw new Error('there is no instance');
  return instance;
}
