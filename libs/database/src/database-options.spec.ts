import { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { databaseOptions, DATABASE_DEFAULTS } from './database-options.js';

describe('databaseOptions', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeEach(async () => {
    database = await createTestDatabase();
    const settings = { ...DATABASE_DEFAULTS, url: database.url, poolSize: 2, statementTimeout: 200, lockTimeout: 100 };
    dataSource = await new DataSource(databaseOptions(settings)).initialize();
  });

  afterEach(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  it('give every session the time limits', async () => {
    const [row] = await dataSource.query<Record<string, string>[]>(
      `SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock,
        current_setting('idle_in_transaction_session_timeout') AS idle`,
    );
    expect(row).toEqual({ statement: '200ms', lock: '100ms', idle: '200ms' });
  });

  it('have a statement cancelled that takes longer', async () => {
    await expect(dataSource.query('SELECT pg_sleep(60)')).rejects.toMatchObject({ code: '57014' });
  });

  it('open no more connections than allowed', async () => {
    const pids = await Promise.all(
      Array.from({ length: 20 }, () => dataSource.query<{ pid: number }[]>('SELECT pg_backend_pid() AS pid')),
    );
    expect(new Set(pids.map(([row]) => row?.pid)).size).toBeLessThanOrEqual(2);
  });
});
