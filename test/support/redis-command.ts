import { createClient, type RedisClientOptions } from 'redis';

/** Sends one command to a server over a connection of its own. */
export async function redisCommand<T>(server: RedisClientOptions, ...words: readonly (string | number)[]): Promise<T> {
  const client = createClient({ ...server, socket: { ...server.socket, reconnectStrategy: false } });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await client.sendCommand<T>(words.map(String));
  } finally {
    await client.disconnect();
  }
}
