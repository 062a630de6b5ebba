import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { eventually } from '../../../test/support/eventually.js';
import { createDatabaseOn, createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { watchOver } from '../../../test/support/watchdog.js';
import { EmbeddedPostgres } from './embedded/embedded-postgres.js';
import { prepareDatabase } from './prepare-database.js';

const TABLES = [
  ...['orders', 'order_status_changes', 'order_status_counts', 'order_arrivals', 'order_milestones'],
  ...['order_events', 'secrets'],
];

const INSERT = `INSERT INTO orders (id, source, customer_id, customer_name, product_name, material, quantity, priority, created_by)
  SELECT gen_random_uuid(), 'CRM', 'C-1', 'Anna', 'Ring', 'Gold 585', 1, 'NORMAL', 'sql' FROM generate_series(1, 3)`;

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client(url);
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function stateOf(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ state: string }>('SELECT database_state() AS state');
  return rows[0]?.state ?? '';
}

async function namespaceOf(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ name: string }>('SELECT cache_namespace() AS name');
  return rows[0]?.name ?? '';
}

describe('database_state()', () => {
  let database: TestDatabase;
  let client: pg.Client;
  let before: string;

  beforeEach(async () => {
    database = await createTestDatabase();
    await prepareDatabase({ url: database.url, patience: 60_000 });
    client = await connect(database.url);
    await client.query(INSERT);
    before = await stateOf(client);
    expect(before).toMatch(/^[0-9a-f]{16}$/);
  });

  afterEach(async () => {
    await client.end();
    await database.drop();
  });

  it.each<[string, string[]]>([
    ['all orders are truncated', ['TRUNCATE orders CASCADE']],
    ...TABLES.slice(1).map((table): [string, string[]] => [`${table} is truncated`, [`TRUNCATE ${table}`]]),
    ['a table is rewritten', ['VACUUM FULL orders']],
    [
      'a table is dropped and made again',
      [
        'BEGIN',
        'CREATE TABLE copy (LIKE secrets)',
        'DROP TABLE secrets',
        'ALTER TABLE copy RENAME TO secrets',
        'COMMIT',
      ],
    ],
    [
      'tables are swapped by renaming',
      [
        'CREATE TABLE other_orders (LIKE orders INCLUDING ALL)',
        'BEGIN',
        'ALTER TABLE orders RENAME TO old_orders',
        'ALTER TABLE other_orders RENAME TO orders',
        'COMMIT',
      ],
    ],
    [
      'a table of another schema takes its place',
      [
        'CREATE SCHEMA elsewhere',
        'CREATE TABLE elsewhere.orders (LIKE orders INCLUDING ALL)',
        'SET search_path = elsewhere, public',
      ],
    ],
    [
      'a table is loaded with disabled triggers, as pg_restore does',
      ['BEGIN', 'ALTER TABLE orders DISABLE TRIGGER ALL', INSERT, 'ALTER TABLE orders ENABLE TRIGGER ALL', 'COMMIT'],
    ],
    ['triggers are disabled', ['ALTER TABLE order_status_changes DISABLE TRIGGER USER']],
    ['a trigger is dropped', ['DROP TRIGGER orders_notify_update ON orders']],
    [
      'triggers are made again',
      [
        'BEGIN',
        'DROP TRIGGER order_arrivals_notify ON order_arrivals',
        `CREATE TRIGGER order_arrivals_notify AFTER INSERT ON order_arrivals EXECUTE FUNCTION notify_of_counts()`,
        'COMMIT',
      ],
    ],
  ])('changes when %s', async (_, statements) => {
    for (const statement of statements) await client.query(statement);
    expect(await stateOf(client)).not.toBe(before);
  });

  it.each<[string, string[]]>([
    ['orders are added', [INSERT]],
    ['orders change', [`UPDATE orders SET comment = 'x'`, `UPDATE orders SET status = 'CANCELLED'`]],
    ['orders are deleted', ['DELETE FROM orders']],
    [
      'another program writes history and counts',
      [
        `INSERT INTO order_status_changes SELECT id, 2, 'NEW', 'CANCELLED', 'sql', now() FROM orders`,
        'UPDATE order_status_counts SET count = count + 1',
        'DELETE FROM order_arrivals',
      ],
    ],
    ['triggers are silenced for a session', ['SET session_replication_role = replica', INSERT]],
    ['tables are analysed', ['ANALYZE']],
    ['tables are vacuumed', ['DELETE FROM orders', 'VACUUM (FREEZE, ANALYZE)']],
    ['an index is made', ['CREATE INDEX CONCURRENTLY some_index ON orders (comment)']],
    ['indexes are made again', ['REINDEX TABLE CONCURRENTLY orders']],
    ['other tables are created', ['CREATE TABLE others (id integer)']],
    [
      'times have another format',
      [`SET timezone = 'Asia/Tokyo'`, `SET datestyle = 'German'`, `SET extra_float_digits = 0`],
    ],
  ])('stays when %s', async (_, statements) => {
    for (const statement of statements) await client.query(statement);
    expect(await stateOf(client)).toBe(before);
  });

  it('counts writes only while no trigger reports them', async () => {
    await client.query('ALTER TABLE orders DISABLE TRIGGER USER');
    const silent = await stateOf(client);
    const writer = await connect(database.url);
    await writer.query(`UPDATE orders SET comment = 'x'`);
    // What a session has written is counted at its end, at the latest.
    await writer.end();
    await eventually(async () => (await stateOf(client)) !== silent);

    await client.query('ALTER TABLE orders ENABLE TRIGGER USER');
    const told = await stateOf(client);
    const other = await connect(database.url);
    await other.query(`UPDATE orders SET comment = 'y'`);
    await other.end();
    await eventually(async () => {
      const { rows } = await client.query<{ n: string }>(`SELECT pg_stat_get_tuples_updated('orders'::regclass) AS n`);
      return Number(rows[0]?.n) >= 6;
    });
    expect(await stateOf(client)).toBe(told);
  });

  it('does not wait for a transaction that restores tables', async () => {
    const restorer = await connect(database.url);
    try {
      await restorer.query('BEGIN');
      await restorer.query(`LOCK TABLE ${TABLES.join(', ')} IN ACCESS EXCLUSIVE MODE`);
      await client.query('SET lock_timeout = 1');
      expect(await stateOf(client)).toBe(before);
    } finally {
      await restorer.end();
    }
  });

  it('belongs to the moment of the snapshot of its statement', async () => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    expect(await stateOf(client)).toBe(before);
    const restorer = await connect(database.url);
    await restorer.query('TRUNCATE order_events');
    await restorer.end();
    expect(await stateOf(client)).toBe(before);
    await client.query('COMMIT');
    expect(await stateOf(client)).not.toBe(before);
  });

  it('is readable for every user, and the same for all', async () => {
    const role = `role_${randomBytes(6).toString('hex')}`;
    await client.query(`CREATE ROLE ${role}`);
    try {
      await client.query(`SET ROLE ${role}`);
      expect(await stateOf(client)).toBe(before);
      expect(await namespaceOf(client)).toMatch(/^mes-[0-9a-f]{12}$/);
    } finally {
      await client.query('RESET ROLE');
      await client.query(`DROP ROLE ${role}`);
    }
  });

  it('is different in a copy of the database', async () => {
    await client.end();
    const copy = `${new URL(database.url).pathname.slice(1)}_copy`;
    const server = await connect(process.env.TEST_POSTGRES_URL ?? '');
    await server.query(`CREATE DATABASE ${copy} TEMPLATE ${new URL(database.url).pathname.slice(1)}`);
    const url = new URL(database.url);
    url.pathname = `/${copy}`;
    try {
      const there = await connect(url.href);
      client = await connect(database.url);
      expect(await stateOf(client)).toBe(before);
      expect(await stateOf(there)).not.toBe(before);
      expect(await namespaceOf(there)).not.toBe(await namespaceOf(client));
      await there.end();
    } finally {
      await server.query(`DROP DATABASE ${copy} WITH (FORCE)`);
      await server.end();
    }
  });
});

describe('database_state() of a server that ends', () => {
  let directory: string;
  let server: EmbeddedPostgres;
  let callOff: () => void;
  let url: string;
  let client: pg.Client;

  async function start(): Promise<void> {
    server = await EmbeddedPostgres.start({ directory });
    callOff = watchOver(server.pid, [server.dataDirectory, directory]);
  }

  async function stop(): Promise<void> {
    await client.end();
    await server.stop();
    callOff();
  }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mes-postgres-'));
    // Open for passing through, so that the data of a test run started by root can stay in it.
    await chmod(directory, 0o711);
    await start();
    url = (await createDatabaseOn(server.url)).url;
    await prepareDatabase({ url, patience: 60_000 });
    client = await connect(url);
  });

  afterAll(async () => {
    await stop();
    for (const path of [server.dataDirectory, directory]) await rm(path, { recursive: true, force: true });
  });

  it('changes once when the server has crashed', async () => {
    const before = await stateOf(client);
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    process.kill(rows[0]?.pid ?? NaN, 'SIGKILL');
    // The server ends all other sessions a moment after the crash of one.
    const after = await eventually(async () => {
      const next = await connect(url).catch(() => undefined);
      const state = next && (await stateOf(next).catch(() => undefined));
      if (next === undefined || state === undefined || state === before) return next?.end().then(() => false);
      client = next;
      return state;
    });
    await client.query(INSERT);
    expect(await stateOf(client)).toBe(after);
  });

  it('changes when the server has been restarted, and the namespace stays', async () => {
    const [before, namespace] = [await stateOf(client), await namespaceOf(client)];
    await stop();
    await start();
    const path = new URL(url).pathname;
    url = Object.assign(new URL(server.url), { pathname: path }).href;
    client = await connect(url);
    expect(await stateOf(client)).not.toBe(before);
    expect(await namespaceOf(client)).toBe(namespace);
  });

  it('changes when the database is dropped and made again, and the namespace stays', async () => {
    const [before, namespace] = [await stateOf(client), await namespaceOf(client)];
    await client.end();
    const name = new URL(url).pathname.slice(1);
    const admin = await connect(server.url);
    await admin.query(`DROP DATABASE ${name}`);
    await admin.query(`CREATE DATABASE ${name}`);
    await admin.end();
    await prepareDatabase({ url, patience: 60_000 });
    client = await connect(url);
    expect(await stateOf(client)).not.toBe(before);
    expect(await namespaceOf(client)).toBe(namespace);
  });
});
