import { BoundedPool } from './bounded-pool.js';
import { DatabaseUnavailableError } from './database-errors.js';

describe('BoundedPool', () => {
  const pool = new BoundedPool({ connectionString: process.env.TEST_POSTGRES_URL, max: 1 });

  afterAll(() => pool.end());

  it('lets a bounded number of requests wait for a connection, refuses others at once, and serves those that wait', async () => {
    const client = await pool.connect();
    const outcomes = Promise.allSettled(
      Array.from({ length: 600 }, () => pool.query<{ one: number }>('SELECT 1 AS one')),
    );
    await expect(pool.connect()).rejects.toBeInstanceOf(DatabaseUnavailableError);
    client.release();

    const refused = (await outcomes).flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
    );
    expect(refused).toHaveLength(100);
    expect(refused.every((error) => error instanceof DatabaseUnavailableError)).toBe(true);
    expect((await pool.query<{ one: number }>('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });
});
