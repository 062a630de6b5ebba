import dns from 'node:dns';
import pg from 'pg';
import { eventually } from '../support/eventually.js';
import { expectProblem } from '../support/expect-problem.js';
import { OrdersApi, type ApiAnswer } from '../support/orders-api.js';
import { startPostgres, type PostgresServer } from '../support/postgres-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { newOrder } from '../support/test-orders.js';

const POOL = 4;
const SESSIONS_OF_THE_API = `FROM pg_stat_activity WHERE application_name LIKE 'mes-%'`;
const ENVIRONMENT = { DATABASE_POOL_SIZE: String(POOL) };

/** The number of lists so far. Each list is new, so that no cache has it. */
let lists = 0;
async function freshList(api: OrdersApi): Promise<ApiAnswer<unknown>> {
  lists += 1;
  const from = new Date(lists).toISOString();
  return api.call(`/api/v1/orders?createdFrom=${from}`, { token: await api.token('operator') });
}

async function hotList(api: OrdersApi): Promise<ApiAnswer<unknown>> {
  return api.call('/api/v1/orders?status=NEW', { token: await api.token('operator') });
}

async function create(api: OrdersApi, key?: string): Promise<ApiAnswer<{ id: string }>> {
  return api.call('/api/v1/orders', {
    method: 'POST',
    token: await api.token('partner'),
    body: newOrder(),
    headers: key === undefined ? {} : { 'idempotency-key': key },
  });
}

async function take(api: OrdersApi, id: string): Promise<ApiAnswer<unknown>> {
  const body = { status: 'MANUFACTURING_STARTED' };
  return api.call(`/api/v1/orders/${id}/status`, { method: 'PATCH', token: await api.token('operator'), body });
}

function expectAway(answer: ApiAnswer<unknown>): void {
  expectProblem(answer, { status: 503, code: 'DATABASE_UNAVAILABLE' });
  expect(answer.headers.get('retry-after')).toBe('1');
}

function expectUnknown(answer: ApiAnswer<unknown>): void {
  expectProblem(answer, { status: 503, code: 'OUTCOME_UNKNOWN' });
  expect(answer.headers.get('retry-after')).toBe('1');
}

/** Checks that each request succeeds or is refused because the database is away. */
async function expectAllAnswered(answers: readonly Promise<ApiAnswer<unknown>>[]): Promise<void> {
  for (const { status } of await Promise.all(answers)) expect([200, 503]).toContain(status);
}

describe('when all connections to PostgreSQL fall silent and new ones work', () => {
  let database: TestDatabase;
  let way: TcpProxy;
  let api: OrdersApi;

  beforeEach(async () => {
    database = await createTestDatabase();
    way = await TcpProxy.open(database.url);
    api = await OrdersApi.start({ databaseUrl: way.url, environment: ENVIRONMENT });
    // Opens all connections of the pool.
    for (const { status } of await Promise.all(Array.from({ length: 3 * POOL }, () => freshList(api)))) {
      expect(status).toBe(200);
    }
  });

  afterEach(async () => {
    // The listening connection is silent and would not end by itself.
    await way.close();
    await api.stop();
    await database.drop();
  });

  it('one request fails, and later ones are served', async () => {
    way.vanish();
    expectAway(await freshList(api));
    for (let i = 0; i < 2 * POOL; i += 1) expect((await freshList(api)).status).toBe(200);
    expect((await create(api)).status).toBe(201);
  });

  it('all requests that wait for the same list are refused together, and the next one is served', async () => {
    way.vanish();
    for (const answer of await Promise.all(Array.from({ length: 10 }, () => hotList(api)))) expectAway(answer);
    expect((await hotList(api)).status).toBe(200);
  });

  it('every request under load gets a response, and later ones are served', async () => {
    way.vanish();
    await expectAllAnswered(Array.from({ length: 60 }, () => freshList(api)));
    for (let i = 0; i < 2 * POOL; i += 1) expect((await freshList(api)).status).toBe(200);
  });

  it('a creation is not said to be refused, since it may have been saved, and its key makes a repetition safe', async () => {
    way.vanish();
    expectUnknown(await create(api, 'the-key'));
    const { status, body } = await create(api, 'the-key');
    expect(status).toBe(201);
    expect((await create(api, 'the-key')).body).toEqual(body);
  });

  it('neither is a change', async () => {
    const { id } = (await create(api)).body;
    const change = { method: 'PATCH', token: await api.token('operator'), body: { priority: 'URGENT' } };
    way.vanish();
    expectUnknown(await take(api, id));
    expect((await freshList(api)).status).toBe(200);
    way.vanish();
    expectUnknown(await api.call(`/api/v1/orders/${id}`, change));
  });
});

describe('when other clients use all connections of PostgreSQL', () => {
  let server: PostgresServer;
  let api: OrdersApi;
  let others: pg.Client[];

  beforeEach(async () => {
    server = await startPostgres({
      settings: { max_connections: '20', superuser_reserved_connections: '0', reserved_connections: '0' },
    });
    others = [];
    api = await OrdersApi.start({ databaseUrl: await server.createDatabase(), environment: ENVIRONMENT });
  });

  afterEach(async () => {
    for (const other of others) await other.end();
    await api.stop();
    await server.stop();
  });

  async function takeAll(): Promise<void> {
    for (;;) {
      const other = new pg.Client(server.url);
      other.on('error', () => undefined);
      try {
        await other.connect();
      } catch (error) {
        expect(error).toMatchObject({ code: '53300' });
        return;
      }
      others.push(other);
    }
  }

  async function hasApiSessions(): Promise<boolean> {
    const found = await others[0]?.query(`SELECT ${SESSIONS_OF_THE_API}`);
    return found?.rowCount !== 0;
  }

  it('requests are refused at once, and served as soon as a connection is free', async () => {
    await takeAll();
    // The API loses its connections until other clients have all of them.
    await eventually(async () => {
      await others[0]?.query(`SELECT pg_terminate_backend(pid) ${SESSIONS_OF_THE_API}`);
      await takeAll();
      if (await hasApiSessions()) return false;
      await takeAll();
      return !(await hasApiSessions());
    });
    expectAway(await freshList(api));
    expectAway(await create(api));
    await expectAllAnswered(Array.from({ length: 60 }, () => freshList(api)));
    expect((await api.call('/health/live')).status).toBe(200);

    for (const other of others.splice(0)) await other.end();
    await eventually(async () => (await freshList(api)).status === 200);
    expect((await create(api)).status).toBe(201);
  });
});

describe('when the table of the orders cannot be used', () => {
  let database: TestDatabase;
  let api: OrdersApi;
  let sql: pg.Client;

  beforeAll(async () => {
    database = await createTestDatabase();
    api = await OrdersApi.start({ databaseUrl: database.url, environment: ENVIRONMENT });
    sql = new pg.Client(database.url);
    await sql.connect();
  });

  afterAll(async () => {
    await sql.end();
    await api.stop();
    await database.drop();
  });

  afterEach(() => sql.query('ROLLBACK'));

  async function lock(): Promise<void> {
    await sql.query('BEGIN');
    await sql.query('LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
  }

  it('because of a lock, cached lists are served, other requests are refused in time, and no statement remains', async () => {
    const order = await create(api);
    await eventually(async () => (await hotList(api)).headers.get('cache-status')?.includes('hit'));
    await lock();
    // One caller has 16 requests at once, and those that wait are refused after ten seconds: two rounds are served in time.
    const answers = Array.from({ length: 24 }, () => freshList(api));
    const creation = create(api);
    const change = take(api, order.body.id);
    expect((await hotList(api)).headers.get('cache-status')).toContain('hit');
    expectAway(await creation);
    expectAway(await change);
    await expectAllAnswered(answers);
    await sql.query('COMMIT');

    for (let i = 0; i < 2 * POOL; i += 1) expect((await freshList(api)).status).toBe(200);
    expect((await take(api, order.body.id)).status).toBe(200);
    expect((await create(api)).status).toBe(201);
  });

  const REQUESTS = {
    'a read of a list': () => freshList(api),
    'a creation': () => create(api),
    'a status change': (id: string) => take(api, id),
  } satisfies Record<string, (id: string) => Promise<ApiAnswer<unknown>>>;

  it.each(
    Object.entries(REQUESTS).flatMap(([what, request]) =>
      ['pg_cancel_backend', 'pg_terminate_backend'].map((how) => [how, what, request] as const),
    ),
  )(
    'because of %s during %s, the request is answered without effect, and the next one is served',
    async (how, what, request) => {
      const { id } = (await create(api)).body;
      await lock();
      const answer = request(id);
      await eventually(async () => {
        const { rowCount } = await sql.query(
          `SELECT ${how}(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock' AND application_name = 'mes-orders-api'`,
        );
        return (rowCount ?? 0) > 0;
      });
      // The end of a connection does not tell what became of its statement.
      if (how === 'pg_terminate_backend' && what !== 'a read of a list') expectUnknown(await answer);
      else expectAway(await answer);
      await sql.query('COMMIT');
      await eventually(async () => (await request(id)).status < 300);
    },
  );

  it('because the disk is full, writes are refused and lists are served', async () => {
    const order = await create(api);
    await sql.query(`
      CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
      CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION no_room()`);
    expectAway(await create(api));
    expectAway(await take(api, order.body.id));
    expect((await freshList(api)).status).toBe(200);
    await sql.query('DROP FUNCTION no_room CASCADE');
    expect((await take(api, order.body.id)).status).toBe(200);
  });

  it('because the database is read-only, writes are refused and lists are served', async () => {
    const order = await create(api);
    const name = new URL(database.url).pathname.slice(1);
    await sql.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    try {
      await sql.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'mes-orders-api'`);
      await eventually(async () => (await freshList(api)).status === 503);
      expectAway(await take(api, order.body.id));
    } finally {
      await sql.query(`ALTER DATABASE ${name} RESET default_transaction_read_only`);
    }
    expect((await take(api, order.body.id)).status).toBe(200);
  });
});

describe('when the name of the database host', () => {
  type Callback = (error: Error | null, address: string | dns.LookupAddress[], family: number) => void;
  const HOST = 'database.test';
  const lookup = dns.lookup;
  /** Resolves the name of the host. While it is undefined, the resolution hangs. */
  let resolve: ((callback: Callback) => void) | undefined;
  let database: TestDatabase;
  let way: TcpProxy;
  let api: OrdersApi;

  beforeEach(async () => {
    database = await createTestDatabase();
    way = await TcpProxy.open(database.url);
    resolve = answer('127.0.0.1');
    Object.assign(dns, {
      lookup: (host: string, options: dns.LookupOptions, callback: Callback) => {
        if (host === HOST) resolve?.(callback);
        else lookup(host, options, callback as never);
      },
    });
    const url = new URL(way.url);
    url.hostname = HOST;
    api = await OrdersApi.start({ databaseUrl: url.href, environment: ENVIRONMENT });
  });

  afterEach(async () => {
    dns.lookup = lookup;
    await way.close();
    await api.stop();
    await database.drop();
  });

  function answer(address: string): (callback: Callback) => void {
    return (callback) => {
      callback(null, [{ address, family: 4 }], 4);
    };
  }

  it('is resolved late, requests are refused in time, and served after the resolution', async () => {
    expect((await freshList(api)).status).toBe(200);
    resolve = undefined;
    way.breakConnections();
    await eventually(async () => (await freshList(api)).status === 503);
    expectAway(await freshList(api));
    resolve = answer('127.0.0.1');
    await eventually(async () => (await freshList(api)).status === 200);
  });

  it('is resolved to another address, new connections go there', async () => {
    resolve = answer('127.0.0.3');
    way.breakConnections();
    await eventually(async () => (await freshList(api)).status === 503);
    resolve = answer('127.0.0.1');
    await eventually(async () => (await freshList(api)).status === 200);
  });
});
