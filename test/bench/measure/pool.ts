import { Pool } from 'undici';

/** Runs `use` with a pool of connections to a server. Each connection carries one request at a time. */
export async function withPool<T>(url: string, connections: number, use: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = new Pool(url, { connections, pipelining: 1 });
  try {
    return await use(pool);
  } finally {
    await pool.destroy();
  }
}
