import pg from 'pg';
import { DataSource } from 'typeorm';
import { eventually } from '../../../test/support/eventually.js';
import { startPostgres } from '../../../test/support/postgres-server.js';
import { TcpProxy } from '../../../test/support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { ADVISORY_LOCKS } from './advisory-locks.js';
import { databaseOptions } from './database-options.js';
import { DATABASE_DEFAULTS } from './database-settings.js';
import { migrations } from './migrations/migrations.js';
import { prepareDatabase, type DatabasePreparation } from './prepare-database.js';
import { readCacheNamespace, readSharedSecret } from './shared-values.js';

describe('prepareDatabase', () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await createTestDatabase();
  });

  afterEach(() => database.drop());

  async function connected<T>(use: (dataSource: DataSource) => Promise<T>): Promise<T> {
    const dataSource = new DataSource(databaseOptions({ ...DATABASE_DEFAULTS, url: database.url }));
    await dataSource.initialize();
    try {
      return await use(dataSource);
    } finally {
      await dataSource.destroy();
    }
  }

  it('migrates once, at the simultaneous start of several instances and at later starts', async () => {
    const start = (): Promise<DatabasePreparation> => prepareDatabase({ url: database.url, patience: 20_000 });
    await Promise.all(Array.from({ length: 5 }, start));
    await start();
    await connected(async (dataSource) => {
      const done = await dataSource.query<{ name: string }[]>('SELECT name FROM schema_migrations ORDER BY id');
      expect(done.map(({ name }) => name)).toEqual(migrations.map((migration) => new migration().name));
    });
  });

  it('makes a schema that can be reverted and made again', async () => {
    await prepareDatabase({ url: database.url, patience: 60_000 });
    await connected(async (dataSource) => {
      for (const migration of migrations) {
        expect(migration.name).toBeDefined();
        await dataSource.undoLastMigration();
      }
      const left = await dataSource.query<{ name: string }[]>(
        `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`,
      );
      expect(left.map(({ name }) => name)).toEqual(['schema_migrations']);
      await dataSource.runMigrations();
    });
  });

  it('gives every database its own secret and namespace', async () => {
    const other = await createTestDatabase();
    await prepareDatabase({ url: database.url, patience: 60_000 });
    await prepareDatabase({ url: other.url, patience: 60_000 });
    const mine = await connected((dataSource) =>
      Promise.all([readSharedSecret(dataSource, 'cursor'), readCacheNamespace(dataSource)]),
    );
    expect(mine).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), expect.stringMatching(/^mes-[0-9a-f]{12}$/)]);
    const dataSource = await new DataSource(databaseOptions({ ...DATABASE_DEFAULTS, url: other.url })).initialize();
    expect(await readSharedSecret(dataSource, 'cursor')).not.toBe(mine[0]);
    expect(await readCacheNamespace(dataSource)).not.toBe(mine[1]);
    await dataSource.destroy();
    await other.drop();
  });

  it('tries again until the time is up, and then says that PostgreSQL is not there', async () => {
    const retries: string[] = [];
    const preparation = prepareDatabase({
      url: 'postgres://nobody@127.0.0.1:1/none',
      patience: 600,
      onRetry: (reason) => retries.push(reason),
    });
    await expect(preparation).rejects.toMatchObject({ code: 'DATABASE_NOT_READY' });
    expect(retries.length).toBeGreaterThan(0);
    expect(retries[0]).toContain('ECONNREFUSED');
  });

  it('does not try again with a wrong password, and does not show it', async () => {
    const url = new URL(database.url);
    url.password = 'hunter2';
    const retries: string[] = [];
    const preparation = prepareDatabase({
      url: url.href,
      patience: 60_000,
      onRetry: (reason) => retries.push(reason),
    });
    await expect(preparation).rejects.toMatchObject({
      code: 'DATABASE_NOT_READY',
      message: expect.not.stringContaining('hunter2') as string,
      cause: { code: '28P01' },
    });
    expect(retries).toEqual([]);
  });

  it('stops waiting for PostgreSQL when it is interrupted', async () => {
    const interruption = new AbortController();
    const url = 'postgres://nobody@127.0.0.1:1/none';
    const preparation = prepareDatabase({
      url,
      patience: 60_000,
      signal: interruption.signal,
      onRetry: () => {
        interruption.abort();
      },
    });
    await expect(preparation).rejects.toThrow('interrupted');
  });

  describe('while another instance migrates', () => {
    let other: pg.Client;

    beforeEach(async () => {
      other = new pg.Client({ connectionString: database.url, application_name: 'mes the other' });
      await other.connect();
      await other.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCKS.migrations]);
    });

    afterEach(() => other.end());

    it('waits, and names that instance', async () => {
      const told: string[] = [];
      const preparation = prepareDatabase({
        url: database.url,
        patience: 60_000,
        onRetry: (reason) => told.push(reason),
      });
      // At every attempt, it still is the same that is waited for.
      await eventually(() => told.length > 2);
      await other.query('SELECT pg_advisory_unlock($1)', [ADVISORY_LOCKS.migrations]);
      await preparation;
      expect(new Set(told).size).toBe(1);
      expect(told[0]).toMatch(/^another instance migrates .* \(process \d+ .*, mes the other\): wait for it, or end/);
    });

    it('waits until the time is up, and names that instance', async () => {
      await expect(prepareDatabase({ url: database.url, patience: 600 })).rejects.toMatchObject({
        code: 'DATABASE_NOT_READY',
        message: expect.stringContaining('mes the other') as string,
      });
    });

    it('stops waiting when it is interrupted', async () => {
      const interruption = new AbortController();
      const preparation = prepareDatabase({
        url: database.url,
        patience: 60_000,
        signal: interruption.signal,
        onRetry: () => {
          interruption.abort();
        },
      });
      await expect(preparation).rejects.toThrow('interrupted');
    });
  });

  describe('while another session keeps a lock that a migration needs', () => {
    let other: pg.Client;

    beforeEach(async () => {
      await prepareDatabase({ url: database.url, patience: 60_000 });
      other = new pg.Client({ connectionString: database.url, application_name: 'a nightly report' });
      await other.connect();
      await other.query('DROP INDEX orders_by_word_start');
      await other.query(`DELETE FROM schema_migrations WHERE name = 'FindWordStarts1765300000000'`);
    });

    afterEach(() => other.end());

    it.each([
      ['has written', `UPDATE orders SET comment = 'x'`],
      ['only reads, and so keeps an index waiting', 'SELECT FROM orders'],
    ])('names that session, which %s, and goes on at its end', async (_, statement) => {
      await other.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      await other.query(statement);
      const { rows } = await other.query<{ pid: number; role: string }>(
        'SELECT pg_backend_pid() AS pid, current_user AS role',
      );
      const told: string[] = [];
      const onRetry = (reason: string): number => told.push(reason);
      const preparation = prepareDatabase({ url: database.url, patience: 60_000, onRetry });
      await eventually(() => told.length > 0);
      await other.query('COMMIT');
      expect((await preparation).applied).toEqual(['FindWordStarts1765300000000']);
      expect(told[0]).toBe(
        `a migration needs a lock, and waits for process ${rows[0]?.pid} of PostgreSQL, role ${rows[0]?.role}, a nightly report: ` +
          'wait until its transaction ends, or end that process',
      );
    });
  });

  describe('over a connection that goes silent', () => {
    let way: TcpProxy;

    beforeEach(async () => {
      way = await TcpProxy.open(database.url);
    });

    afterEach(() => way.close());

    it('gives up a server that does not answer its connection', async () => {
      way.block();
      await expect(prepareDatabase({ url: way.url, patience: 0 })).rejects.toMatchObject({
        code: 'DATABASE_NOT_READY',
      });
    });

    it('notices that the server vanishes during a migration, and migrates the server that replaces it', async () => {
      const other = new pg.Client(database.url);
      await other.connect();
      try {
        await other.query('BEGIN');
        await other.query('CREATE EXTENSION pg_trgm');
        const told: string[] = [];
        const preparation = prepareDatabase({
          url: way.url,
          patience: 60_000,
          onRetry: (reason) => told.push(reason),
        });
        await waitingIn(database.url, 'CREATE EXTENSION IF NOT EXISTS pg_trgm');
        way.vanish();
        await other.query('ROLLBACK');
        await eventually(() => told.find((reason) => reason.includes('did not answer')));
        // The server that has come in its place knows nothing of the sessions of the old one.
        await other.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'mes-orders-api'`);
        await preparation;
      } finally {
        await other.end();
      }
    });
  });

  it('does not try again with a database that does not exist', async () => {
    const url = new URL(database.url);
    url.pathname = '/nowhere';
    const retries: string[] = [];
    const preparation = prepareDatabase({
      url: url.href,
      patience: 60_000,
      onRetry: (reason) => retries.push(reason),
    });
    await expect(preparation).rejects.toMatchObject({ code: 'DATABASE_NOT_READY' });
    expect(retries).toEqual([]);
  });

  it('refuses a database that cannot hold every text', async () => {
    const ascii = await createTestDatabase(
      `TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'`,
    );
    try {
      await expect(prepareDatabase({ url: ascii.url, urlName: 'DATABASE_URL', patience: 20_000 })).rejects.toThrow(
        /^the database has the encoding SQL_ASCII: create one with ENCODING 'UTF8', and name it in DATABASE_URL/,
      );
    } finally {
      await ascii.drop();
    }
  });

  it('names a search_path without a schema, and goes on once there is one', async () => {
    const sql = new pg.Client(database.url);
    await sql.connect();
    const url = new URL(database.url);
    url.search = 'options=-csearch_path%3Dmes';
    const reasons: string[] = [];
    const onRetry = (reason: string): void => void reasons.push(reason);
    const preparation = prepareDatabase({ url: url.href, patience: 60_000, onRetry });
    await eventually(() => reasons.length > 0);
    await sql.query('CREATE SCHEMA mes');
    expect((await preparation).applied).toHaveLength(migrations.length);
    await sql.end();
    expect(new Set(reasons)).toEqual(
      new Set(['no schema of the search_path (mes) exists: create it, or correct the search_path']),
    );
  });

  it.each([
    [
      'CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)',
      /^the table schema_migrations in the schema public belongs to another program: give the API a database of its own, or /,
    ],
    [
      'CREATE TABLE orders (id integer)',
      /^the database schema could not be migrated: relation "orders" already exists; another program, .*: give the API a database/,
    ],
    [
      `CREATE TYPE order_status AS ENUM ('OPEN')`,
      /^the database schema could not be migrated: type "order_status" already exists; another program, .*: give the API a database/,
    ],
  ])('does not wait for another program to give up what it has in the schema: %s', async (statement, sentence) => {
    const sql = new pg.Client(database.url);
    await sql.connect();
    await sql.query(statement);
    await sql.end();
    const retries: string[] = [];
    const preparation = prepareDatabase({
      url: database.url,
      patience: 60_000,
      onRetry: (reason) => retries.push(reason),
    });
    await expect(preparation).rejects.toThrow(sentence);
    expect(retries).toEqual([]);
  });

  it('refuses a PostgreSQL that is too old', async () => {
    const server = await startPostgres({ version: '14' });
    try {
      await expect(prepareDatabase({ url: server.url, urlName: 'DATABASE_URL', patience: 60_000 })).rejects.toThrow(
        /^PostgreSQL 14\.\d+ is too old: name a server of version 15 or newer in DATABASE_URL$/,
      );
    } finally {
      await server.stop();
    }
  });
});

/** Waits until a session of some database waits for a lock with this statement. */
async function waitingIn(database: string, statement: string): Promise<void> {
  // Its own, since a transaction sees the same activity as long as it lasts.
  const client = new pg.Client(database);
  await client.connect();
  await eventually(async () => {
    const { rowCount } = await client.query(
      `SELECT FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock' AND query = $1`,
      [statement],
    );
    return rowCount === 1;
  }).finally(() => client.end());
}

describe('the schema', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    await prepareDatabase({ url: database.url, patience: 60_000 });
    dataSource = await new DataSource(databaseOptions({ ...DATABASE_DEFAULTS, url: database.url })).initialize();
  });

  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  const good = {
    id: `'01935a3f-5a3e-7c44-9d7e-0f6a1f1b2c3d'`,
    ...{ source: `'SHOP'`, customer_id: `'C'`, customer_name: `'N'`, product_name: `'P'`, material: `'M'` },
    ...{ quantity: '1', priority: `'LOW'`, created_by: `'partner'` },
  };

  it.each([
    ['a quantity of nothing', { quantity: '0' }],
    ['a huge quantity', { quantity: '10001' }],
    ['a negative price', { price_amount: '-1', price_currency: `'EUR'` }],
    ['a price without a currency', { price_amount: '1' }],
    ['a currency that is none', { price_amount: '1', price_currency: `'eur'` }],
    ['an order in work that nobody took', { status: `'MANUFACTURING_STARTED'` }],
    ['a held order that came from nowhere', { status: `'ON_HOLD'` }],
    ['a key without a hash', { idempotency_key: `'k'` }],
    ['a version before the first', { version: '0' }],
  ])('refuses %s', async (_, columns) => {
    const row = { ...good, ...columns };
    const insert = `INSERT INTO orders (${Object.keys(row).join(', ')}) VALUES (${Object.values(row).join(', ')})`;
    await expect(dataSource.query(insert)).rejects.toMatchObject({ code: '23514' });
  });
});
