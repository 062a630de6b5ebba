import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiProcess, PATIENT } from '../support/api-process.js';
import { eventually } from '../support/eventually.js';
import { OrdersTable } from '../support/orders-table.js';
import { RedisServer } from '../support/redis-server.js';
import { redisCommand } from '../support/redis-command.js';
import { newOrder } from '../support/test-orders.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { withSession } from '../support/with-session.js';

const TIMES = 12;

describe('the log while something comes and goes', () => {
  let database: TestDatabase;
  let redis: RedisServer;
  let folder: string;
  let table: OrdersTable;
  let api: ApiProcess;
  let url: string;

  beforeAll(async () => {
    [database, redis, folder] = await Promise.all([
      createTestDatabase(),
      RedisServer.start(),
      mkdtemp(join(tmpdir(), 'mes-floods-')),
    ]);
    api = new ApiProcess({ DATABASE_URL: database.url, REDIS_URL: redis.url, DATA_DIR: folder });
    url = await api.ready();
    table = await OrdersTable.connect(database.url);
  });

  afterAll(async () => {
    await api.destroy();
    await table.close();
    await Promise.all([redis.stop(), database.drop(), rm(folder, { recursive: true })]);
  });

  /** How often the log has a text. */
  function linesWith(text: string): number {
    return api.output.split(text).length - 1;
  }

  it('says the loss of the connection for notifications once, and its return', async () => {
    const listener = `application_name = 'mes-orders-api listener' AND datname = current_database()`;
    for (let i = 0; i < TIMES; i += 1) {
      await eventually(async () => {
        const ended = await table.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${listener}`);
        return ended.length > 0;
      });
    }
    await eventually(async () => (await fetch(`${url}/health/ready`)).status === 200);
    expect(linesWith('Cannot listen to PostgreSQL')).toBeGreaterThan(0);
    // A connection may be ended while it begins to listen, which fails with other words.
    expect(linesWith('Cannot listen to PostgreSQL')).toBeLessThan(TIMES / 2);
    expect(linesWith('Listening to PostgreSQL again')).toBeLessThan(TIMES / 2);
  });

  it('says the loss of Redis once, and its return', async () => {
    const isTrusted = async (): Promise<boolean> => {
      const ready = (await (await fetch(`${url}/health/ready`)).json()) as {
        details?: { cache: { trusted: boolean } };
      };
      return ready.details?.cache.trusted === true;
    };
    await eventually(isTrusted);
    const before = linesWith('Redis is used');
    for (let i = 0; i < TIMES; i += 1) {
      await eventually(
        async () => Number(await redisCommand({ url: redis.url }, 'CLIENT', 'KILL', 'TYPE', 'NORMAL')) > 0,
      );
      await eventually(isTrusted);
    }
    expect(linesWith('Redis is not used')).toBeGreaterThan(0);
    expect(linesWith('Redis is not used')).toBeLessThan(TIMES / 2);
    expect(linesWith('Redis is used') - before).toBeLessThan(TIMES / 2);
  });
});

describe('the log while requests are refused', () => {
  const REQUESTS = 200;

  it('says once why PostgreSQL is away, not with each of them', async () => {
    const [database, folder] = await Promise.all([createTestDatabase(), mkdtemp(join(tmpdir(), 'mes-refusals-'))]);
    const way = await TcpProxy.open(database.url);
    const api = new ApiProcess({ ...PATIENT, DATABASE_URL: way.url, DATA_DIR: folder });
    try {
      const url = await api.ready();
      const authorization = `Bearer ${/operator +(\S+)/.exec(api.output)?.[1] ?? ''}`;
      const read = async (i: number): Promise<unknown> =>
        (
          (await (await fetch(`${url}/api/v1/orders?q=lost${i}`, { headers: { authorization } })).json()) as {
            code?: unknown;
          }
        ).code;
      way.cut();
      await eventually(async () => (await read(0)) === 'DATABASE_UNAVAILABLE');
      const start = api.output.length;
      const codes = new Set<unknown>();
      for (let i = 1; i <= REQUESTS; i += 1) codes.add(await read(i));
      expect([...codes]).toEqual(['DATABASE_UNAVAILABLE']);
      expect(api.output).toMatch(/request \S+: DATABASE_UNAVAILABLE: \S/);
      // An outage has a few causes: the broken connections, and those that cannot be made.
      expect(api.output.slice(start).split('\n').length).toBeLessThan(REQUESTS / 20);
    } finally {
      await api.destroy();
      await way.close();
      await Promise.all([database.drop(), rm(folder, { recursive: true })]);
    }
  });

  it('says once what the schema lacks, not with each of them', async () => {
    const [database, folder] = await Promise.all([createTestDatabase(), mkdtemp(join(tmpdir(), 'mes-schema-'))]);
    const api = new ApiProcess({ ...PATIENT, DATABASE_URL: database.url, DATA_DIR: folder });
    try {
      const url = await api.ready();
      const authorization = `Bearer ${/operator +(\S+)/.exec(api.output)?.[1] ?? ''}`;
      await withSession(database.url, (client) => client.query('ALTER TABLE orders RENAME COLUMN comment TO remark'));
      const start = api.output.length;
      for (let i = 1; i <= REQUESTS; i += 1) {
        const response = await fetch(`${url}/api/v1/orders?q=lost${i}`, { headers: { authorization } });
        expect(response.status).toBe(500);
        await response.text();
      }
      const lines = api.output.slice(start).split('\n');
      expect(lines.filter((line) => line.includes('TypeOrmOrdersRepository'))).toHaveLength(1);
      // What became of each request is told all the same.
      await eventually(() => api.output.split('INTERNAL_ERROR"').length > REQUESTS);
    } finally {
      await api.destroy();
      await Promise.all([database.drop(), rm(folder, { recursive: true })]);
    }
  });

  it('has no warning of Node about statements for which the connection for notifications is not free', async () => {
    const [database, folder] = await Promise.all([createTestDatabase(), mkdtemp(join(tmpdir(), 'mes-queue-'))]);
    const way = await TcpProxy.open(database.url);
    const api = new ApiProcess({
      ...PATIENT,
      DATABASE_URL: database.url,
      DATABASE_DIRECT_URL: way.url,
      DATA_DIR: folder,
    });
    const reading = new AbortController();
    try {
      const url = await api.ready();
      const tokenOf = (role: string): string => new RegExp(`${role} +(\\S+)`).exec(api.output)?.[1] ?? '';
      // A heartbeat, a new stream and a write each have a statement for it.
      way.vanish();
      const stream = fetch(`${url}/api/v1/events`, {
        headers: { authorization: `Bearer ${tokenOf('operator')}` },
        signal: reading.signal,
      });
      const created = await fetch(`${url}/api/v1/orders`, {
        method: 'POST',
        headers: { authorization: `Bearer ${tokenOf('partner')}`, 'content-type': 'application/json' },
        body: JSON.stringify(newOrder()),
      });
      expect([(await stream).status, created.status]).toEqual([200, 201]);
      await eventually(() => api.output.includes('Cannot listen to PostgreSQL'));
      expect(api.output).not.toContain('DeprecationWarning');
    } finally {
      reading.abort();
      await api.destroy();
      await way.close();
      await Promise.all([database.drop(), rm(folder, { recursive: true })]);
    }
  });

  it('says nothing more for each question whether the instance is ready', async () => {
    const [database, folder] = await Promise.all([createTestDatabase(), mkdtemp(join(tmpdir(), 'mes-unready-'))]);
    const way = await TcpProxy.open(database.url);
    const api = new ApiProcess({ ...PATIENT, DATABASE_URL: way.url, DATA_DIR: folder });
    try {
      const url = await api.ready();
      const ready = async (): Promise<number> => (await fetch(`${url}/health/ready`)).status;
      way.cut();
      await eventually(async () => (await ready()) === 503);
      const start = api.output.length;
      for (let i = 0; i < REQUESTS; i += 1) expect(await ready()).toBe(503);
      expect(api.output).toContain('Cannot listen to PostgreSQL');
      expect(api.output.slice(start).split('\n').length).toBeLessThan(REQUESTS / 20);
    } finally {
      await api.destroy();
      await way.close();
      await Promise.all([database.drop(), rm(folder, { recursive: true })]);
    }
  });
});
