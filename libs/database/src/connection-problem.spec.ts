import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import pg from 'pg';
import { PgBouncer } from '../../../test/support/pgbouncer.js';
import { TcpProxy } from '../../../test/support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { connectionProblem } from './connection-problem.js';
import { databaseUrlComplaint } from './database-url.js';
import { prepareDatabase, type PrepareDatabaseOptions } from './prepare-database.js';

describe('a PostgreSQL that cannot be used', () => {
  let database: TestDatabase;
  let silent: TcpProxy;
  let breaking: TcpProxy;

  beforeAll(async () => {
    database = await createTestDatabase();
    [silent, breaking] = await Promise.all([TcpProxy.open(database.url), TcpProxy.open(database.url)]);
    silent.block();
    breaking.cut();
  });

  afterAll(() => Promise.all([silent.close(), breaking.close(), database.drop()]));

  it('is named with what to do: no connection left for the role', async () => {
    const sql = new pg.Client(database.url);
    await sql.connect();
    await sql.query(`CREATE ROLE few LOGIN PASSWORD 'pass-word' CONNECTION LIMIT 0`);
    try {
      const url = changed((each) => Object.assign(each, { username: 'few', password: 'pass-word' }));
      await expect(prepareDatabase({ url, urlName: 'DATABASE_URL', patience: 0 })).rejects.toThrow(
        /^PostgreSQL gives this role or database no more connections: raise its CONNECTION LIMIT, or lower/,
      );
    } finally {
      await sql.query('DROP ROLE few');
      await sql.end();
    }
  });

  it.each([
    ['InitializeSessionUserId', /^PostgreSQL gives this role or database no more connections: /],
    ['CheckMyDatabase', /^PostgreSQL gives this role or database no more connections: /],
    ['InitProcess', /^PostgreSQL has no connection left: /],
  ])('is named with what to do in whatever language it speaks: no connection left in %s', (routine, sentence) => {
    const error = new pg.DatabaseError('слишком много подключений', 0, 'error');
    Object.assign(error, { code: '53300', routine });
    expect(connectionProblem(error, 'DATABASE_URL').message).toMatch(sentence);
  });

  it('is named with what to do: sessions that are ended when they are idle', async () => {
    const sql = new pg.Client(changed((url) => (url.search = 'options=-cidle_session_timeout%3D1')));
    const ended = new Promise<unknown>((resolve) => sql.on('error', resolve));
    await sql.connect();
    expect(connectionProblem(await ended, 'DATABASE_URL').message).toMatch(/^PostgreSQL ends sessions that are idle: /);
  });

  it('is named with what to do: a session that an administrator has ended', async () => {
    const sql = new pg.Client(database.url).on('error', () => undefined);
    await sql.connect();
    const error: unknown = await sql.query('SELECT pg_terminate_backend(pg_backend_pid())').catch((e: unknown) => e);
    expect(connectionProblem(error, 'DATABASE_URL').summary).toBe(
      'an administrator has ended the session, or PostgreSQL is stopping: wait',
    );
  });

  it('is named with what to do: tables that are missing', async () => {
    const sql = new pg.Client(database.url);
    await sql.connect();
    const error: unknown = await sql.query('SELECT FROM no_such_table').catch((failure: unknown) => failure);
    await sql.end();
    expect(connectionProblem(error, 'DATABASE_URL').summary).toMatch(/^the database lacks .*: run npm run migrate, /);
  });

  it('is named with what to do: a database that accepts no connections', async () => {
    const other = await createTestDatabase('ALLOW_CONNECTIONS false');
    try {
      await expect(prepareDatabase({ url: other.url, patience: 60_000 })).rejects.toThrow(
        /^the database accepts no connections: allow them by ALTER DATABASE … ALLOW_CONNECTIONS true \(/,
      );
    } finally {
      await other.drop();
    }
  });

  it.each([
    [
      'an unknown way to log in',
      'R\0\0\0\x08\0\0\0\x07',
      /^PostgreSQL asks for a login by GSSAPI or SSPI, .*: allow scram/,
    ],
    [
      'another server',
      'J\0\0\0\x0a8.0.36',
      /^the server at the address in DATABASE_URL does not speak as PostgreSQL does: /,
    ],
  ])('is named with what to do: %s', async (_, words, sentence) => {
    const server = createServer((socket) => socket.on('error', () => undefined).write(words, 'latin1'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `postgres://mes:pass-word@127.0.0.1:${(server.address() as AddressInfo).port}/mes`;
    await expect(prepareDatabase({ url, urlName: 'DATABASE_URL', patience: 0 })).rejects.toThrow(sentence);
    server.close();
  });

  function changed(change: (url: URL) => void): string {
    const url = new URL(database.url);
    change(url);
    return url.href;
  }

  it.each<[string, () => string, RegExp]>([
    ['nobody', () => 'postgres://mes:pass-word@127.0.0.1:1/mes', /^nothing listens at the address in DATABASE_URL: /],
    ['an unknown host', () => 'postgres://mes@no-such-host.invalid/mes', /^the host in DATABASE_URL is not known: /],
    [
      'a wrong password',
      () => changed((url) => (url.password = 'pass-word')),
      /^PostgreSQL refuses the user or the password: correct them in DATABASE_URL \(/,
    ],
    [
      'no password',
      () => changed((url) => (url.password = '')),
      /^PostgreSQL asks for a password: add it to DATABASE_URL/,
    ],
    [
      'an unknown database',
      () => changed((url) => (url.pathname = '/nowhere')),
      /^PostgreSQL has no database with this name: create it, or correct DATABASE_URL \(/,
    ],
    [
      'no socket',
      () => 'postgres://mes:pass-word@/mes?host=/no/such/folder',
      /^PostgreSQL has no socket in the folder in DATABASE_URL: start PostgreSQL there, or correct the folder \(/,
    ],
    [
      'a server that breaks the connection',
      () => breaking.url,
      /^the server at the address in DATABASE_URL (broke|ended) the connection: see whether it is PostgreSQL, and its log \(/,
    ],
    [
      'silence',
      () => silent.url,
      /^nobody answers in time at the address in DATABASE_URL: correct it, or look at the load of PostgreSQL/,
    ],
    [
      'options that PostgreSQL does not know',
      () => changed((url) => (url.search = 'options=-csearch_pat%3Dmes')),
      /^PostgreSQL refuses the settings of the session: correct options in DATABASE_URL, and PGOPTIONS \(/,
    ],
    [
      'a file that is gone',
      () => changed((url) => (url.search = 'sslmode=verify-full&sslrootcert=/none.pem')),
      /^DATABASE_URL names a file in sslrootcert that cannot be read \(ENOENT\)$/,
    ],
    [
      'TLS to a server without it',
      () => changed((url) => (url.search = 'sslmode=verify-full')),
      /^PostgreSQL does not use TLS: turn it on there, or remove sslmode from DATABASE_URL, and PGSSLMODE \(/,
    ],
  ])('is named with what to do: %s', async (_, url, sentence) => {
    const preparation = prepareDatabase({ url: url(), urlName: 'DATABASE_URL', patience: 0 });
    const error = await preparation.then(
      () => undefined,
      (failure: unknown) => failure as Error,
    );
    expect(error?.message).toMatch(sentence);
    expect(error?.message).not.toContain('pass-word');
  });

  describe('through PgBouncer in transaction mode', () => {
    let pooler: PgBouncer;

    beforeAll(async () => {
      pooler = await PgBouncer.start(database.url);
    });

    afterAll(() => pooler.stop());

    /** Why a start is refused. */
    async function refusal(
      options: Pick<PrepareDatabaseOptions, 'url' | 'pooled'>,
      patience = 60_000,
    ): Promise<string> {
      const directUrlName = 'DATABASE_DIRECT_URL';
      const urlName = options.pooled ? directUrlName : 'DATABASE_URL';
      const error: unknown = await prepareDatabase({ ...options, urlName, directUrlName, patience }).catch(
        (failure: unknown) => failure,
      );
      return error instanceof Error ? error.message : 'it is not refused';
    }

    function throughPooler(url: string): Promise<string> {
      return refusal({ url: database.url, pooled: { url, urlName: 'DATABASE_URL' } }, 0);
    }

    it('is refused as the only way, since writes of other instances would not be heard of', async () => {
      expect(await refusal({ url: pooler.url })).toBe(
        'notifications do not arrive, as through a connection pooler in transaction mode: name PostgreSQL itself in DATABASE_DIRECT_URL, or set pool_mode=session',
      );
    });

    it('is refused as the way past it', async () => {
      const { url } = pooler;
      expect(await refusal({ url, pooled: { url, urlName: 'DATABASE_URL' } })).toContain(
        'name PostgreSQL itself in DATABASE_DIRECT_URL, or set pool_mode=session',
      );
    });

    it('is accepted with another way past it, again and again', async () => {
      for (let i = 0; i < 2; i += 1) expect(await throughPooler(pooler.url)).toBe('it is not refused');
    });

    it('must lead to the same database', async () => {
      const other = await createTestDatabase();
      expect(await throughPooler(pooler.urlOf(new URL(other.url).pathname.slice(1)))).toBe(
        'DATABASE_URL and DATABASE_DIRECT_URL lead to different databases: name the same one in both',
      );
      await other.drop();
    });

    it('must lead to the same schema', async () => {
      const name = new URL(database.url).pathname.slice(1);
      const direct = new pg.Client(database.url);
      await direct.connect();
      await direct.query(`CREATE SCHEMA elsewhere; ALTER DATABASE ${name} SET search_path = elsewhere`);
      const past = changed((url) => (url.search = 'options=-csearch_path%3Dpublic'));
      await pooler.console(`RECONNECT ${name}`);
      expect(await refusal({ url: past, pooled: { url: pooler.url, urlName: 'DATABASE_URL' } })).toBe(
        'DATABASE_URL and DATABASE_DIRECT_URL lead to different schemas: give both roles the same search_path',
      );
      await direct.query(`ALTER DATABASE ${name} RESET search_path`);
      await pooler.console(`RECONNECT ${name}`);
      await direct.end();
    });

    it.each<[string, () => string, RegExp]>([
      [
        'options of the session',
        () => `${pooler.url}?options=-c%20work_mem%3D8MB`,
        /refuses the options of the session: remove options from DATABASE_URL, and PGOPTIONS/,
      ],
      [
        'a wrong password',
        () => Object.assign(new URL(pooler.url), { password: 'pass-word' }).href,
        /refuses the user(,| or) the password.*in DATABASE_URL/,
      ],
    ])('is named with what to do: %s', async (_, url, sentence) => {
      const reason = await throughPooler(url());
      expect(reason).toMatch(sentence);
      expect(reason).not.toContain('pass-word');
    });

    it('is refused if it gives each statement another session, so that nothing could be written', async () => {
      await pooler.console(`SET pool_mode = 'statement'`);
      expect(await throughPooler(pooler.url)).toMatch(
        /^the connection pooler allows no transactions: set pool_mode=transaction there \(/,
      );
      await pooler.console(`SET pool_mode = 'transaction'`);
      expect(await throughPooler(pooler.url)).toBe('it is not refused');
    });

    it('is named with what to do: a pooler that has no room for another client', async () => {
      await pooler.console('SET max_client_conn = 0');
      expect(await throughPooler(pooler.url)).toMatch(
        /^the connection pooler takes no more clients: raise max_client_conn there, /,
      );
      await pooler.console('SET max_client_conn = 100');
      expect(await throughPooler(pooler.url)).toBe('it is not refused');
    });

    it('is named with what to do: a pooler that does not reach PostgreSQL', async () => {
      const away = await PgBouncer.start(
        changed((url) => (url.port = '1')),
        { queryWaitTimeout: 1 },
      );
      expect(await throughPooler(away.url)).toMatch(/^the connection pooler does not reach PostgreSQL/);
      await away.stop();
    });
  });
});

describe('databaseUrlComplaint', () => {
  it('names the parameter whose file is missing, without the URL', () => {
    const complaint = databaseUrlComplaint(
      'postgres://mes:pass-word@host/mes?sslmode=verify-full&sslrootcert=/none.pem',
    );
    expect(complaint).toBe('names a file in sslrootcert that cannot be read (ENOENT)');
  });
});
