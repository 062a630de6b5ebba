import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { DataSource, QueryFailedError } from 'typeorm';
import { eventually } from '../../../test/support/eventually.js';
import { PgBouncer } from '../../../test/support/pgbouncer.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { databaseOptions } from './database-options.js';
import { DATABASE_DEFAULTS } from './database-settings.js';

/** Time limits in milliseconds, short ones. */
const LIMITS = { statementTimeout: 500, lockTimeout: 300 };

describe('transactions through PgBouncer in transaction mode', () => {
  let database: TestDatabase;
  let pooler: PgBouncer;
  let direct: pg.Client;
  let source: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    // One server connection, so that each transaction gets what the one before has left.
    pooler = await PgBouncer.start(database.url, { poolSize: 1 });
    direct = new pg.Client(database.url);
    await direct.connect();
    await direct.query('CREATE TABLE notes (id text)');
    const options = databaseOptions({ ...DATABASE_DEFAULTS, ...LIMITS, url: pooler.url, isPooled: true });
    source = await new DataSource(options).initialize();
  });

  afterAll(async () => {
    await source.destroy();
    await pooler.stop();
    await direct.end();
    await database.drop();
  });

  async function setting(name: string): Promise<string> {
    const client = new pg.Client(pooler.url);
    await client.connect();
    const { rows } = await client.query<{ value: string }>('SELECT current_setting($1) AS value', [name]);
    await client.end();
    return rows[0]?.value ?? '';
  }

  it('has its time limits, and leaves none behind for the next one', async () => {
    const names = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'];
    await expect(source.query('SELECT pg_sleep(60)')).rejects.toMatchObject({ driverError: { code: '57014' } });
    await source
      .transaction(async (manager) => {
        await expect(manager.query('SELECT pg_sleep(60)')).rejects.toMatchObject({ driverError: { code: '57014' } });
      })
      .catch(() => undefined);
    expect(await Promise.all(names.map(setting))).toEqual(['0', '0', '0']);
  });

  it.each([
    ['off', 'local'],
    ['local', 'local'],
    ['remote_apply', 'remote_apply'],
  ])('keeps its commit in a crash of PostgreSQL, whatever is set: synchronous_commit = %s', async (set, used) => {
    const name = new URL(database.url).pathname.slice(1);
    await direct.query(`ALTER DATABASE ${name} SET synchronous_commit = ${set}`);
    await pooler.console(`RECONNECT ${name}`);
    // A server connection from before the change is replaced when it is free.
    await eventually(async () => (await setting('synchronous_commit')) === set);
    expect(await source.query(`SELECT current_setting('synchronous_commit') AS used`)).toEqual([{ used }]);
    expect(await setting('synchronous_commit')).toBe(set);
    await direct.query(`ALTER DATABASE ${name} RESET synchronous_commit`);
    await pooler.console(`RECONNECT ${name}`);
  });

  it('finds its tables, whatever another client has left in the session, such as the empty path of pg_dump', async () => {
    const client = new pg.Client(pooler.url);
    await client.connect();
    await client.query(`SELECT set_config('search_path', '', false)`);
    await client.end();
    expect(await setting('search_path')).toBe('');
    expect(await source.query('SELECT * FROM notes')).toEqual([]);
    await source.transaction(async (manager) => {
      expect(await manager.query('SELECT * FROM notes')).toEqual([]);
    });
    expect(await setting('search_path')).toBe('');
    await pooler.console(`RECONNECT ${new URL(database.url).pathname.slice(1)}`);
  });

  it('waits for a lock no longer than it may', async () => {
    await direct.query('BEGIN');
    await direct.query('LOCK TABLE notes');
    await expect(source.query('SELECT * FROM notes')).rejects.toMatchObject({ driverError: { code: '55P03' } });
    await expect(source.query('SELECT * FROM notes WHERE id = $1', ['a'])).rejects.toMatchObject({
      driverError: { code: '55P03' },
    });
    await direct.query('ROLLBACK');
  });

  it('is one round trip and one transaction: a statement alone, with and without parameters', async () => {
    expect(await source.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await source.query('SELECT $1::integer AS one', [1])).toEqual([{ one: 1 }]);
    expect(await source.query('INSERT INTO notes VALUES ($1)', ['alone'])).toEqual([]);
    expect(await source.query('UPDATE notes SET id = $1 WHERE id = $2', ['still alone', 'alone'])).toEqual([[], 1]);
    await expect(source.query('SELECT 1 / 0')).rejects.toBeInstanceOf(QueryFailedError);
    expect(await source.query('SELECT now() AS at')).toEqual([{ at: expect.any(Date) as Date }]);
  });

  it('commits and rolls back what is in it', async () => {
    const id = randomUUID();
    await source.transaction((manager) => manager.query('INSERT INTO notes VALUES ($1)', [id]));
    const failure = source.transaction(async (manager) => {
      await manager.query('DELETE FROM notes WHERE id = $1', [id]);
      throw new Error('no');
    });
    await expect(failure).rejects.toThrow('no');
    expect(await source.query('SELECT id FROM notes WHERE id = $1', [id])).toEqual([{ id }]);
  });

  it('is not executed after its time, although the pooler passes it on', async () => {
    const id = randomUUID();
    pooler.signal('SIGSTOP');
    const failure: unknown = await source.query('INSERT INTO notes VALUES ($1)', [id]).catch((error: unknown) => error);
    expect(failure).toMatchObject({ driverError: { code: 'DATABASE_CONNECTION_LOST' } });
    pooler.signal('SIGCONT');
    // The pooler has one server connection: when it is free, the statement has come to its end.
    await eventually(() =>
      source.query('SELECT 1').then(
        () => true,
        () => false,
      ),
    );
    expect((await direct.query('SELECT FROM notes WHERE id = $1', [id])).rowCount).toBe(0);
  });

  it('refuses a session whose triggers do not run, or whose isolation it has not set', async () => {
    const name = new URL(database.url).pathname.slice(1);
    for (const [setting, value, complaint] of [
      ['session_replication_role', 'replica', /triggers/],
      ['default_transaction_read_only', 'on', /nothing could be written/],
      ['default_transaction_isolation', 'serializable', /must be read committed/],
    ] as const) {
      await direct.query(`ALTER DATABASE ${name} SET ${setting} = '${value}'`);
      await pooler.console(`RECONNECT ${name}`);
      // A server connection from before the change is replaced when it is free.
      await eventually(() =>
        source.query('SELECT 1').then(
          () => false,
          (error: unknown) => complaint.test(String(error)),
        ),
      );
      await direct.query(`ALTER DATABASE ${name} RESET ${setting}`);
      await pooler.console(`RECONNECT ${name}`);
      await eventually(() =>
        source.query('SELECT 1').then(
          () => true,
          () => false,
        ),
      );
    }
  });
});
