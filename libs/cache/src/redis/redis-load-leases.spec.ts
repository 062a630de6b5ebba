import { randomUUID } from 'node:crypto';
import { eventually } from '../../../../test/support/eventually.js';
import { RedisConnection } from './redis-connection.js';
import { RedisLoadLeases } from './redis-load-leases.js';

describe('RedisLoadLeases', () => {
  let connection: RedisConnection;
  let leases: RedisLoadLeases;
  let others: RedisLoadLeases;

  beforeEach(async () => {
    connection = new RedisConnection({
      redisUrl: process.env.TEST_REDIS_URL ?? '',
      deadline: 5_000,
      sweepInterval: 50,
    });
    await connection.open(() => Promise.resolve());
    const options = { namespace: randomUUID(), shape: 'one', leaseLifetime: 100 };
    leases = new RedisLoadLeases(connection, options);
    others = new RedisLoadLeases(connection, options);
  });

  afterEach(() => connection.close());

  it('are given to one of all processes that ask for the same load', async () => {
    const given = await Promise.all([leases, others, leases, others].map((instance) => instance.acquire('page')));
    expect(given.filter(Boolean)).toHaveLength(1);
    expect(await others.acquire('another page')).toBe(true);
  });

  it('can be acquired again once they are released', async () => {
    expect(await leases.acquire('page')).toBe(true);
    expect(await others.acquire('page')).toBe(false);
    await leases.release('page');
    expect(await others.acquire('page')).toBe(true);
  });

  it('expire if they are not released', async () => {
    expect(await leases.acquire('page')).toBe(true);
    await eventually(() => others.acquire('page'));
  });

  it('are all granted while Redis is away', async () => {
    await connection.close();
    expect(await leases.acquire('page')).toBe(true);
    expect(await others.acquire('page')).toBe(true);
    await leases.release('page');
  });
});
