import pg from 'pg';
import { DataSource, QueryFailedError } from 'typeorm';
import { DATABASE_DEFAULTS, databaseOptions } from '@mes/database';
import { eventually } from '../../../../test/support/eventually.js';
import { TcpProxy } from '../../../../test/support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/test-database.js';
import { isCertainlyUndone } from './certainly-undone.js';

describe('whether a failed write has certainly not happened', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });

  afterAll(() => database.drop());

  async function open(url: string): Promise<DataSource> {
    const source = new DataSource({ ...databaseOptions({ ...DATABASE_DEFAULTS, url }), poolSize: 1 });
    return source.initialize();
  }

  async function failureOf(write: Promise<unknown>): Promise<unknown> {
    return write.then(
      () => {
        throw new Error('the write did not fail');
      },
      (error: unknown) => error,
    );
  }

  it('is certain when PostgreSQL refused the statement, or cancelled it', async () => {
    const source = await open(database.url);
    expect(isCertainlyUndone(await failureOf(source.query('SELECT 1 / 0')))).toBe(true);
    await source.query("SET statement_timeout = '10ms'");
    expect(isCertainlyUndone(await failureOf(source.query('SELECT pg_sleep(60)')))).toBe(true);
    await source.destroy();
  });

  it('is certain when no connection could be had', async () => {
    const proxy = await TcpProxy.open(database.url);
    const source = await open(proxy.url);
    await proxy.close();
    // Until the pool has learnt that its connection is gone, it gives that one.
    await eventually(async () => isCertainlyUndone(await failureOf(source.query('SELECT 1'))));
    await source.destroy();
  });

  it('is not when the connection broke, or the server ended it, while the statement was under way', async () => {
    const ended = await open(database.url);
    const terminated = await failureOf(ended.query('SELECT pg_terminate_backend(pg_backend_pid())'));
    expect(isCertainlyUndone(terminated)).toBe(false);

    const proxy = await TcpProxy.open(database.url);
    const source = await open(proxy.url);
    const broken = failureOf(source.query('SELECT pg_sleep(60)'));
    const watcher = await open(database.url);
    const isAsleep = `SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND state = 'active'`;
    await eventually(async () => (await watcher.query<unknown[]>(isAsleep)).length > 0);
    proxy.cut();
    expect(isCertainlyUndone(await broken)).toBe(false);
    await Promise.all([ended, source, watcher].map((each) => each.destroy()));
    await proxy.close();
  });

  it('is not when the server has vanished', async () => {
    const proxy = await TcpProxy.open(database.url);
    const options = databaseOptions({ ...DATABASE_DEFAULTS, url: proxy.url, poolSize: 1, statementTimeout: 100 });
    const source = await new DataSource(options).initialize();
    proxy.vanish();
    expect(isCertainlyUndone(await failureOf(source.query('SELECT 1')))).toBe(false);
    await source.destroy();
    await proxy.close();
  });

  it('is not when what was to be sent finds the connection broken', () => {
    const broken = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    expect(isCertainlyUndone(new QueryFailedError('INSERT', [], broken))).toBe(false);
  });

  it('is not when the server panics, for it may find the commit in its log when it starts again', () => {
    const full = (severity: string): QueryFailedError => {
      const error = new pg.DatabaseError('no space left on device', 0, 'error');
      return new QueryFailedError('INSERT', [], Object.assign(error, { severity, code: '53100' }));
    };
    expect(isCertainlyUndone(full('ERROR'))).toBe(true);
    expect(isCertainlyUndone(full('PANIC'))).toBe(false);
  });

  it('is not when something else went wrong', () => {
    expect(isCertainlyUndone(new Error('the inserted order was not returned'))).toBe(false);
  });
});
