import { createClient } from 'redis';

/** The number of pending writes in the version store of a database. */
export async function countPendingWrites(redisUrl: string, namespace: string): Promise<number> {
  const client = createClient({ url: redisUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await client.hLen(`{${namespace}}:pending-writes`);
  } finally {
    await client.disconnect();
  }
}
