import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startPostgres, type PostgresServer } from '../../../test/support/postgres-server.js';
import { TcpProxy } from '../../../test/support/tcp-proxy.js';
import { DatabaseClient, type DatabaseClientOptions } from './database-client.js';
import { DatabaseConnectionLostError } from './database-errors.js';
import { EmbeddedPostgres } from './embedded/embedded-postgres.js';

/** A time limit for a server that has vanished, in milliseconds. */
const SOON = 1_000;

/** A time limit for one that answers at once, but may be busy with other tests. */
const LATE = 60_000;

describe('DatabaseClient', () => {
  let server: PostgresServer;
  let role: string;

  beforeAll(async () => {
    server = await startPostgres();
    role = decodeURIComponent(new URL(server.url).username);
  });

  afterAll(() => server.stop());

  afterEach(async () => {
    delete process.env.PGOPTIONS;
    await sql(`ALTER ROLE ${pg.escapeIdentifier(role)} RESET ALL`);
  });

  async function sql(statement: string): Promise<void> {
    const client = new pg.Client(server.url);
    await client.connect();
    await client.query(statement).finally(() => client.end());
  }

  function urlWith(parameters: Readonly<Record<string, string>>): string {
    const url = new URL(server.url);
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return url.href.replaceAll('+', '%20');
  }

  async function connected<T>(
    options: Partial<DatabaseClientOptions>,
    use: (client: DatabaseClient) => Promise<T>,
  ): Promise<T> {
    const client = new DatabaseClient({ url: server.url, queryTimeout: LATE, ...options });
    try {
      await client.connect();
      return await use(client);
    } finally {
      await client.end();
    }
  }

  async function setting(client: DatabaseClient, name: string): Promise<string | undefined> {
    const { rows } = await client.query<{ value: string }>('SELECT current_setting($1) AS value', [name]);
    return rows[0]?.value;
  }

  const LIMITS = {
    statement_timeout: ['0', '5s'],
    lock_timeout: ['0', '2s'],
    idle_in_transaction_session_timeout: ['0', '5s'],
    idle_session_timeout: ['1min', '0'],
    default_transaction_isolation: ['serializable', 'read committed'],
    datestyle: ['German', 'ISO, MDY'],
    client_encoding: ['LATIN1', 'UTF8'],
    standard_conforming_strings: ['off', 'on'],
  } as const;

  describe.each(Object.entries(LIMITS))('whose %s is set', (name, [other, ours]) => {
    it.each(['the parameters of the URL', 'the options of the URL', 'PGOPTIONS', 'the role'])(
      'by %s, sets it itself',
      async (where) => {
        const option = `-c ${name}=${other}`;
        let url = server.url;
        if (where === 'the parameters of the URL') url = urlWith({ [name]: other });
        if (where === 'the options of the URL') url = urlWith({ options: option });
        if (where === 'PGOPTIONS') process.env.PGOPTIONS = option;
        if (where === 'the role') await sql(`ALTER ROLE ${pg.escapeIdentifier(role)} SET ${name} = '${other}'`);
        expect(await connected({ url }, (client) => setting(client, name))).toBe(ours);
      },
    );
  });

  it.each([
    ['off', 'local'],
    ['local', 'local'],
    ['remote_write', 'remote_write'],
    ['on', 'on'],
    ['remote_apply', 'remote_apply'],
  ])('loses no commit in a crash of PostgreSQL, whatever is set: synchronous_commit = %s', async (set, used) => {
    await sql(`ALTER ROLE ${pg.escapeIdentifier(role)} SET synchronous_commit = ${set}`);
    const option = `-c synchronous_commit=${set}`;
    for (const url of [server.url, urlWith({ options: option })]) {
      expect(await connected({ url }, (client) => setting(client, 'synchronous_commit'))).toBe(used);
    }
  });

  it('takes from the URL what does not affect correctness', async () => {
    const url = urlWith({ application_name: 'theirs', options: '-c search_path=pg_temp' });
    await connected({ url }, async (client) => {
      expect(await setting(client, 'search_path')).toBe('pg_temp');
      expect(await setting(client, 'application_name')).toBe('theirs');
    });
    expect(await connected({}, (client) => setting(client, 'application_name'))).toBe('mes-orders-api');
    const named = { url, applicationName: 'ours' };
    expect(await connected(named, (client) => setting(client, 'application_name'))).toBe('ours');
  });

  it.each([
    ['default_transaction_read_only', 'on', 'default_transaction_read_only is on'],
    ['session_replication_role', 'replica', 'the triggers that count orders would not run'],
  ])('refuses a session whose %s is %s', async (name, value, reason) => {
    const url = urlWith({ options: `-c ${name}=${value}` });
    await expect(connected({ url }, () => Promise.resolve())).rejects.toMatchObject({
      code: 'DATABASE_UNFIT',
      message: expect.stringContaining(reason) as string,
    });
  });

  it('has no time limit for transactions, which PostgreSQL knows since version 17', async () => {
    await sql(`DO $$ BEGIN IF current_setting('transaction_timeout', true) IS NOT NULL THEN
      ALTER ROLE ${pg.escapeIdentifier(role)} SET transaction_timeout = '1min';
    END IF; END $$`);
    const timeout = `SELECT coalesce(current_setting('transaction_timeout', true), '0') AS value`;
    expect((await connected({}, (client) => client.query(timeout))).rows).toEqual([{ value: '0' }]);
    // As through a connection pooler in transaction mode, where each transaction sets it.
    const { rows } = await connected({ isPooled: true }, (client) => client.query(timeout));
    expect(rows).toEqual([{ value: '0' }]);
  });

  // AuthenticationGSS, as pg_hba.conf may demand, and what no PostgreSQL says.
  it.each(['R\0\0\0\x08\0\0\0\x07', 'R\0\0\0\x08\0\0\0\x63'])(
    'fails if the server says what it cannot read: %j',
    async (words) => {
      const other = createServer((socket) => socket.on('error', () => undefined).write(words, 'latin1'));
      other.listen(0, '127.0.0.1');
      await once(other, 'listening');
      const url = `postgres://mes@127.0.0.1:${(other.address() as AddressInfo).port}/mes`;
      await expect(connected({ url }, () => Promise.resolve())).rejects.toThrow();
      other.close();
    },
  );

  it('fails, like any other connection, if a file that the URL names is gone', async () => {
    const client = new DatabaseClient({
      url: urlWith({ sslmode: 'verify-full', sslrootcert: '/none.pem' }),
      queryTimeout: LATE,
    });
    await expect(client.connect()).rejects.toThrow('names a file in sslrootcert that cannot be read (ENOENT)');
    await client.end();
  });

  it('refuses a standby', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'mes-standby-'));
    await chmod(directory, 0o711);
    const primary = await EmbeddedPostgres.start({ directory });
    await primary.stop();
    await writeFile(join(primary.dataDirectory, 'standby.signal'), '');
    const standby = await EmbeddedPostgres.start({ directory });
    try {
      await expect(connected({ url: standby.url }, () => Promise.resolve())).rejects.toMatchObject({
        code: 'DATABASE_UNFIT',
        message: expect.stringContaining('standby') as string,
      });
    } finally {
      await standby.stop();
      await Promise.all([directory, primary.dataDirectory].map((path) => rm(path, { recursive: true, force: true })));
    }
  });

  describe('when the server vanishes', () => {
    let way: TcpProxy;

    beforeEach(async () => {
      way = await TcpProxy.open(server.url);
    });

    afterEach(() => way.close());

    it.each([
      ['', {}],
      [' whose URL says otherwise', { query_timeout: '600000', pipeline: 'true' }],
    ])('gives up a query that has no answer%s, and the connection with it', async (_, parameters) => {
      const url = new URL(way.url);
      for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
      await connected({ url: url.href, queryTimeout: SOON }, async (client) => {
        const ended = new Promise((resolve) => client.once('end', resolve as () => void));
        way.vanish();
        await expect(client.query('SELECT 1')).rejects.toBeInstanceOf(DatabaseConnectionLostError);
        await ended;
        await expect(client.query('SELECT 1')).rejects.toBeInstanceOf(DatabaseConnectionLostError);
      });
    });

    it('gives up a query with a callback', async () => {
      await connected({ url: way.url, queryTimeout: SOON }, async (client) => {
        way.vanish();
        const error = await new Promise((resolve) => {
          client.query('SELECT 1', resolve);
        });
        expect(error).toBeInstanceOf(DatabaseConnectionLostError);
      });
    });

    it('gives up work of several steps', async () => {
      await connected({ url: way.url, queryTimeout: 0 }, async (client) => {
        way.vanish();
        await expect(client.within(SOON, () => client.query('SELECT 1'))).rejects.toThrow('did not answer');
      });
    });

    it('gives up connecting', async () => {
      way.block();
      const url = new URL(way.url);
      url.searchParams.set('connectionTimeoutMillis', '600000');
      await expect(connected({ url: url.href, queryTimeout: SOON }, () => Promise.resolve())).rejects.toThrow(
        'did not answer',
      );
    });

    it('does not wait for it to close the connection', async () => {
      const client = await new DatabaseClient({ url: way.url, queryTimeout: SOON }).connect();
      way.vanish();
      await client.end();
    });
  });

  it('does not blame the server for its own delay', async () => {
    await connected({ queryTimeout: SOON }, async (client) => {
      const answer = client.query('SELECT 1');
      // It has to be sent before the process is busy.
      await new Promise((resolve) => setImmediate(resolve));
      const end = performance.now() + 2 * SOON;
      while (performance.now() < end);
      await answer;
    });
  });

  it('gives a connection the rest of its time after this process was busy', async () => {
    const client = new DatabaseClient({ url: server.url, queryTimeout: SOON });
    const connection = client.connect();
    const end = performance.now() + 3_500;
    while (performance.now() < end);
    await connection;
    await client.end();
  });
});
