import { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { eventually } from '../../../test/support/eventually.js';
import { TcpProxy } from '../../../test/support/tcp-proxy.js';
import { DatabaseConnectionLostError, DatabaseUnavailableError } from './database-errors.js';
import { databaseOptions, discardIdleConnections } from './database-options.js';
import { DATABASE_DEFAULTS } from './database-settings.js';

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

  it('give every session its time limits', async () => {
    const [row] = await dataSource.query<Record<string, string>[]>(
      `SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock,
        current_setting('idle_in_transaction_session_timeout') AS idle`,
    );
    expect(row).toEqual({ statement: '200ms', lock: '100ms', idle: '200ms' });
  });

  it('let PostgreSQL cancel a statement that takes longer', async () => {
    await expect(dataSource.query('SELECT pg_sleep(60)')).rejects.toMatchObject({ code: '57014' });
  });

  it('open no more connections than allowed', async () => {
    const pids = await Promise.all(
      Array.from({ length: 20 }, () => dataSource.query<{ pid: number }[]>('SELECT pg_backend_pid() AS pid')),
    );
    expect(new Set(pids.map(([row]) => row?.pid)).size).toBeLessThanOrEqual(2);
  });

  it('report every failure to connect as the same error', async () => {
    await database.drop();
    await expect(Promise.all([0, 1, 2].map(() => dataSource.query('SELECT pg_sleep(0)')))).rejects.toThrow();
    await expect(dataSource.query('SELECT 1')).rejects.toBeInstanceOf(DatabaseUnavailableError);
    await expect(dataSource.query('SELECT 1')).rejects.toMatchObject({ cause: { code: '3D000' } });
  });
});

describe('databaseOptions, when PostgreSQL vanishes', () => {
  const POOL = 4;
  let database: TestDatabase;
  let way: TcpProxy;
  let dataSource: DataSource;

  beforeEach(async () => {
    database = await createTestDatabase();
    way = await TcpProxy.open(database.url);
    const settings = { ...DATABASE_DEFAULTS, url: way.url, poolSize: POOL, statementTimeout: 2_000 };
    dataSource = await new DataSource(databaseOptions(settings)).initialize();
    await Promise.all(Array.from({ length: POOL }, () => dataSource.query('SELECT pg_sleep(0.01)')));
  });

  afterEach(async () => {
    await dataSource.destroy();
    await way.close();
    await database.drop();
  });

  it('delay one request by its time limit, and no later request', async () => {
    way.vanish();
    await expect(dataSource.query('SELECT 1')).rejects.toMatchObject({
      driverError: expect.any(DatabaseConnectionLostError) as DatabaseConnectionLostError,
    });
    for (let i = 0; i < 2 * POOL; i += 1) await dataSource.query('SELECT 1');
  });

  it('fail concurrent queries together with the first, and then serve the waiting ones', async () => {
    way.vanish();
    const outcomes = await Promise.allSettled(Array.from({ length: 3 * POOL }, () => dataSource.query('SELECT 1')));
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : []));
    const withIt = Array.from({ length: POOL - 1 }, () => expect.stringContaining('on another connection') as string);
    expect(failures).toEqual([expect.stringContaining('did not answer within'), ...withIt]);
  });

  it('end a transaction that has no answer', async () => {
    const steps: string[] = [];
    const transaction = dataSource.transaction(async (manager) => {
      await manager.query('SELECT 1');
      steps.push('begun');
      way.vanish();
      await manager.query('SELECT 1').catch(() => steps.push('failed'));
      await manager.query('SELECT 1');
    });
    await expect(transaction).rejects.toThrow('already released');
    expect(steps).toEqual(['begun', 'failed']);
    await dataSource.query('SELECT 1');
  });

  it('delay no request after discardIdleConnections()', async () => {
    way.vanish();
    discardIdleConnections(dataSource);
    for (let i = 0; i < 2 * POOL; i += 1) await dataSource.query('SELECT 1');
  });

  it('let queries under way go on at discardIdleConnections()', async () => {
    const slow = dataSource.query<{ done: boolean }[]>('SELECT pg_sleep(1) IS NOT NULL AS done');
    await eventually(async () => {
      const sleeping = `SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()`;
      return (await dataSource.query<unknown[]>(sleeping)).length > 0;
    });
    discardIdleConnections(dataSource);
    expect(await slow).toEqual([{ done: true }]);
  });
});
