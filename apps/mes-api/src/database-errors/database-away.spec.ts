import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { DATABASE_DEFAULTS, databaseOptions } from '@mes/database';
import { DataSource } from 'typeorm';
import { startPostgres, type PostgresServer } from '../../../../test/support/postgres-server.js';
import { isDatabaseAway } from './database-away.js';

describe('isDatabaseAway', () => {
  let server: PostgresServer;
  let source: DataSource;

  beforeAll(async () => {
    server = await startPostgres();
    source = new DataSource(databaseOptions({ ...DATABASE_DEFAULTS, url: server.url }));
    await source.initialize();
  });

  afterAll(async () => {
    await source.destroy();
    await server.stop();
  });

  function failureOf(work: Promise<unknown>): Promise<unknown> {
    return work.then(
      () => {
        throw new Error('it did not fail');
      },
      (error: unknown) => error,
    );
  }

  it.each([
    '57014',
    '55P03',
    '53100',
    '53200',
    '57P01',
    '57P02',
    '57P03',
    '25006',
    '25P03',
    '25P04',
    '40001',
    '40P01',
    '58030',
    '08006',
    '42P01',
    '42883',
    '42704',
    '42501',
  ])('is true for SQLSTATE %s', async (code) => {
    const raise = `DO $$ BEGIN RAISE EXCEPTION 'trouble' USING ERRCODE = '${code}'; END $$`;
    expect(isDatabaseAway(await failureOf(source.query(raise)))).toBe(true);
  });

  it.each(['SELECT 1 / 0', 'SELECT nothing', "SELECT 'x'::integer"])(
    'is false for a wrong statement: %s',
    async (sql) => {
      expect(isDatabaseAway(await failureOf(source.query(sql)))).toBe(false);
    },
  );

  it('is true if the connection ends during a transaction', async () => {
    const transaction = source.transaction(async (manager) => {
      await manager.query('SELECT pg_terminate_backend(pg_backend_pid())').catch(() => undefined);
      await manager.query('SELECT 1');
    });
    expect(isDatabaseAway(await failureOf(transaction))).toBe(true);
  });

  it('is true after the pool was closed', async () => {
    const other = await new DataSource(databaseOptions({ ...DATABASE_DEFAULTS, url: server.url })).initialize();
    await other.destroy();
    expect(isDatabaseAway(await failureOf(other.query('SELECT 1')))).toBe(true);
  });

  it('is false if a client aborts its request', async () => {
    const http = createServer().listen(0, '127.0.0.1');
    await once(http, 'listening');
    const socket = connect((http.address() as AddressInfo).port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf');
    const [request] = (await once(http, 'request')) as [IncomingMessage];
    socket.destroy();
    const [error] = (await once(request, 'error')) as [Error];
    expect(error).toMatchObject({ code: 'ECONNRESET' });
    expect(isDatabaseAway(error)).toBe(false);
    http.close();
  });
});
