import type { createClient } from 'redis';
import { DeadlineExceededError } from '../../../libs/cache/src/flow/deadline.js';
import { clientOfUrl } from '../../../libs/cache/src/redis/redis-url.js';

/**
 * Returns a function that tells whether the version store of a database has no pending writes. If a server of a cluster does not answer,
 * it returns false, and asks another server the next time.
 */
export function noPendingWrites(redisUrl: string, namespace: string): () => Promise<boolean> {
  const connect = clientOfUrl(redisUrl, 'redisUrl', namespace);
  return async () => {
    try {
      const client = (await connect({})) as ReturnType<typeof createClient>;
      client.on('error', () => undefined);
      await client.connect();
      try {
        return (await client.hLen(`{${namespace}}:pending-writes`)) === 0;
      } finally {
        await client.disconnect();
      }
    } catch (error) {
      const isDead = error instanceof DeadlineExceededError || (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
      if (isDead) return false;
      throw error;
    }
  };
}
