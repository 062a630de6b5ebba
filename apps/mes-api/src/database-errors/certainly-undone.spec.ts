import pg from 'pg';
import { DataSource, QueryFailedError } from 'typeorm';
import { DATABASE_DEFAULTS, databaseOptions } from '@mes/database';
import { eventually } from '../../../../test/support/eventually.js';
import { TcpProxy } from '../../../../test/support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/test-database.js';
import { isCertainlyUndone } from './certainly-undone.js';

describe('isCertainlyUndone', () => {
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

  it('is true if PostgreSQL refused or cancelled the statement', async () => {
    const source = await open(database.url);
    expect(isCertainlyUndone(await failureOf(source.query('SELECT 1 / 0')))).toBe(true);
    await source.query("SET statement_timeout = '10ms'");
    expect(isCertainlyUndone(await failureOf(source.query('SELECT pg_sleep(60)')))).toBe(true);
    await source.destroy();
  });

  it('is true if there was no connection', async () => {
    const proxy = await TcpProxy.open(database.url);
    const source = await open(proxy.url);
    await proxy.close();
    // The pool may still return the lost connection.
    await eventually(async () => isCertainlyUndone(await failureOf(source.query('SELECT 1'))));
    await source.destroy();
  });

  it('is false if the connection broke, or the server ended it, during the statement', async () => {
    const ended = await open(database.url);
    const terminated = await failureOf(ended.query('SELECT pg_terminate_backend(pg_backend_pid())'));
    expect(isCertainlyUndone(terminated)).toBe(false);

    const proxy = await TcpProxy.open(database.url);
    const source = await open(proxy.url);
    const broken = failureOf(source.query('SELECT pg_sleep(60)'));
    const watcher = await open(database.url);
    const isAsleep = `SELECT 1 FROM pg_stat_activity
      WHERE datname = current_database() AND query = 'SELECT pg_sleep(60)' AND state = 'active'`;
    await eventually(async () => (await watcher.query<unknown[]>(isAsleep)).length > 0);
    proxy.cut();
    expect(isCertainlyUndone(await broken)).toBe(false);
    await Promise.all([ended, source, watcher].map((each) => each.destroy()));
    await proxy.close();
  });

  it('is false if the server has vanished', async () => {
    const proxy = await TcpProxy.open(database.url);
    const options = databaseOptions({ ...DATABASE_DEFAULTS, url: proxy.url, poolSize: 1, statementTimeout: 100 });
    const source = await new DataSource(options).initialize();
    proxy.vanish();
    expect(isCertainlyUndone(await failureOf(source.query('SELECT 1')))).toBe(false);
    await source.destroy();
    await proxy.close();
  });

  it('is false if the connection breaks while the statement is sent', () => {
    const broken = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    expect(isCertainlyUndone(new QueryFailedError('INSERT', [], broken))).toBe(false);
  });

  /** An error as the server writes its severity in the language of `lc_messages`. */
  function refused(severity: string, code: string): QueryFailedError {
    const error = new pg.DatabaseError('…', 0, 'error');
    return new QueryFailedError('INSERT', [], Object.assign(error, { severity, code }));
  }

  it('is false if the server panics: it may find the commit in its log after the restart', () => {
    expect(isCertainlyUndone(refused('ERROR', '53100'))).toBe(true);
    expect(isCertainlyUndone(refused('PANIC', '53100'))).toBe(false);
  });

  it('is true in whatever language the server speaks, if it cannot be a panic', () => {
    for (const code of ['55P03', '57014', '40P01', '23505']) {
      expect(isCertainlyUndone(refused('ОШИБКА', code))).toBe(true);
    }
    for (const code of ['53100', '42501', '42809']) {
      expect(isCertainlyUndone(refused('ОШИБКА', code))).toBe(false);
      expect(isCertainlyUndone(refused('ПАНИКА', code))).toBe(false);
    }
  });

  it('is false for other errors', () => {
    expect(isCertainlyUndone(new Error('the inserted order was not returned'))).toBe(false);
  });
});
