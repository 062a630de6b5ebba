import pg from 'pg';

/** Runs `use` with a session of its own at a PostgreSQL server. */
export async function withSession<T>(url: string, use: (session: pg.Client) => Promise<T>): Promise<T> {
  const session = new pg.Client(url);
  // A broken connection also fails the query in progress.
  session.on('error', () => undefined);
  await session.connect();
  try {
    return await use(session);
  } finally {
    await session.end();
  }
}
