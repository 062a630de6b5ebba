import type { RedisConnection } from '../../libs/cache/src/redis/redis-connection.js';

/** Waits until this many milliseconds have passed by the clock of the server. */
export async function passRedisTime(connection: RedisConnection, milliseconds: number): Promise<void> {
  const read = async (): Promise<number> => (await connection.run('other', (client) => client.time())).getTime();
  const end = (await read()) + milliseconds;
  while ((await read()) <= end) await new Promise((resolve) => setTimeout(resolve, 10));
}
