import { startPostgres, type PostgresServer } from './postgres-server.js';
import { RedisServer } from './redis-server.js';

let postgres: PostgresServer | undefined;
let redis: RedisServer | undefined;

/** Starts the servers that all test files share. Jest's workers inherit their addresses in the environment. */
export async function startSharedServers(): Promise<void> {
  try {
    postgres = await startPostgres();
    redis = await RedisServer.start();
  } catch (error) {
    await stopSharedServers();
    throw error;
  }
  process.env.TEST_POSTGRES_URL = postgres.url;
  process.env.TEST_REDIS_URL = redis.url;
}

/** Stops the shared servers. */
export async function stopSharedServers(): Promise<void> {
  await redis?.stop();
  await postgres?.stop();
}
