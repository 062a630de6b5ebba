import { Resources } from '../bench/servers/resources.js';
import { System } from '../consistency/system/system.js';
import { startPostgres } from '../support/postgres-server.js';
import { RedisServer } from '../support/redis-server.js';
import type { Scene } from './fault.js';

/** Starts servers of their own, for faults that no other test could bear, and instances on them. */
export async function setTheStage(resources: Resources, instances: number): Promise<Scene> {
  const postgres = await resources.start(
    () => startPostgres({ settings: { max_connections: '300', synchronous_commit: 'on' } }),
    (server) => server.stop(),
  );
  const redis = await resources.start(
    () => RedisServer.start(),
    (server) => server.stop(),
  );
  const system = await resources.start(
    () => System.start({ databaseUrl: postgres.url, redisUrl: redis.url, instances }),
    (started) => started.stop(),
  );
  return { system, postgres, redis };
}
