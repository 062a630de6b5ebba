import { createClient } from 'redis';

/** How many writes are noted as under way in the versionStore of a database. */
export async function countIntents(redisUrl: string, namespace: string): Promise<number> {
  const client = createClient({ url: redisUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await client.zCard(`{${namespace}}:intent-deadlines`);
  } finally {
    await client.disconnect();
  }
}
