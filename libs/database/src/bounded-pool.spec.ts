import type { PoolClient } from 'pg';
import { eventually } from '../../../test/support/eventually.js';
import { startPostgres, type PostgresServer } from '../../../test/support/postgres-server.js';
import { BoundedPool } from './bounded-pool.js';
import { DatabaseClient, type ReachedServer } from './database-client.js';
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

describe('BoundedPool, when the way leads to another server', () => {
  let servers: [PostgresServer, PostgresServer];
  /** Where new connections lead. */
  let url: string;
  let pool: BoundedPool;

  beforeAll(async () => {
    servers = [await startPostgres(), await startPostgres()];
  });

  afterAll(async () => {
    for (const server of servers) await server.stop();
  });

  beforeEach(() => {
    url = servers[0].url;
    pool = new BoundedPool({
      max: 4,
      Client: class extends DatabaseClient {
        constructor() {
          super({ url, queryTimeout: 5_000 });
        }
      },
    });
    // The end of an idle connection would end the process.
    pool.on('error', () => undefined);
  });

  afterEach(() => {
    // Does not wait for connections that a failed test has not released.
    void pool.end();
    pool.discardAll();
  });

  async function portOf(client: Pick<PoolClient, 'query'>): Promise<number> {
    const { rows } = await client.query<{ port: number }>(`SELECT current_setting('port')::int AS port`);
    return rows[0]?.port ?? NaN;
  }

  function port(server: PostgresServer): number {
    return Number(new URL(server.url).port);
  }

  /** What another connection, such as the one for notifications, says of the way. */
  async function reached(): Promise<ReachedServer> {
    const client = new DatabaseClient({ url, queryTimeout: 5_000 });
    await client.connect();
    await client.end();
    if (!client.reached) throw new Error('no server was reached');
    return client.reached;
  }

  it('closes idle connections to the former one at once, and busy ones when they are released', async () => {
    const [busy, idle] = await Promise.all([pool.connect(), pool.connect()]);
    url = servers[1].url;
    const opened = pool.connect();
    // While the new connection is opened.
    idle.release();
    const moved = await opened;
    await eventually(() => pool.totalCount === 2);
    // A transaction goes on.
    expect(await portOf(busy)).toBe(port(servers[0]));
    busy.release();
    expect(pool.idleCount).toBe(0);
    moved.release();
    expect(await Promise.all([1, 2, 3].map(() => portOf(pool)))).toEqual(Array(3).fill(port(servers[1])));
  });

  it('closes them as well if a connection outside of the pool reached the other one', async () => {
    const [busy, idle] = await Promise.all([pool.connect(), pool.connect()]);
    idle.release();
    url = servers[1].url;
    pool.follow(await reached());
    await eventually(() => pool.totalCount === 1);
    busy.release();
    expect(pool.idleCount).toBe(0);
    expect(await portOf(pool)).toBe(port(servers[1]));
  });

  it('is not led back by a connection whose opening began before', async () => {
    const opened = pool.connect();
    url = servers[1].url;
    const other = await reached();
    pool.follow(other);
    const late = await opened;
    expect([await portOf(late), pool.server]).toEqual([port(servers[0]), other.server]);
    late.release();
    expect(pool.idleCount).toBe(0);
    expect(await portOf(pool)).toBe(port(servers[1]));
  });

  it('keeps connections to a server that the way leads back to', async () => {
    const busy = await pool.connect();
    for (const { url: target } of [servers[1], servers[0]]) {
      url = target;
      pool.follow(await reached());
    }
    busy.release();
    expect([pool.totalCount, pool.idleCount]).toEqual([1, 1]);
  });

  it('fails no request of a name that leads to one server or the other', async () => {
    // Connections are opened all the time.
    pool.options.maxUses = 3;
    const work = Array.from({ length: 8 }, async () => {
      for (let i = 0; i < 50; i += 1) {
        url = servers[i % 2 === 0 ? 0 : 1].url;
        await pool.query('SELECT 1');
      }
    });
    await Promise.all(work);
    expect(pool.totalCount).toBeLessThanOrEqual(4);
  });
});
