import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiProcess, PATIENT } from '../support/api-process.js';
import { EventStream } from '../support/event-stream.js';
import { eventually } from '../support/eventually.js';
import { OrdersTable } from '../support/orders-table.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { newOrder } from '../support/test-orders.js';

interface Received {
  readonly status: number;
  readonly connection: string | undefined;
  readonly cacheStatus: unknown;
  readonly body: Record<string, unknown>;
}

describe('shutting down', () => {
  let directory: string;
  let database: TestDatabase;
  let table: OrdersTable;
  let agent: Agent;
  let api: ApiProcess;
  let url: string;
  let admin: string;

  beforeEach(async () => {
    [directory, database] = await Promise.all([mkdtemp(join(tmpdir(), 'mes-shutdown-')), createTestDatabase()]);
    agent = new Agent({ keepAlive: true, maxSockets: 1 });
  });

  afterEach(async () => {
    agent.destroy();
    await table.close();
    await api.destroy();
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  });

  async function start(environment: Readonly<Record<string, string>> = {}): Promise<void> {
    api = new ApiProcess({
      ...PATIENT,
      DATA_DIR: directory,
      DATABASE_URL: database.url,
      REDIS_URL: process.env.TEST_REDIS_URL ?? '',
      ...environment,
    });
    url = await api.ready();
    admin = /^ {2}admin +(\S+)$/m.exec(api.output)?.[1] ?? '';
    table = await OrdersTable.connect(database.url);
  }

  /** Sends a request over the connection of the agent, unless another agent is given. */
  async function send(path: string, body?: unknown, using = agent): Promise<Received> {
    const request = httpRequest(`${url}${path}`, {
      agent: using,
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
    });
    request.end(body === undefined ? undefined : JSON.stringify(body));
    return received(request);
  }

  async function received(request: ClientRequest): Promise<Received> {
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const { connection, 'cache-status': cacheStatus } = response.headers;
    const text = Buffer.concat(chunks).toString();
    return {
      status: response.statusCode ?? 0,
      connection,
      cacheStatus,
      body: JSON.parse(text) as Record<string, unknown>,
    };
  }

  /** Begins to create an order. Its body is not complete until `release`, for as long as a test wants. */
  async function createSlowly(): Promise<{ created: Promise<Received>; release: () => void }> {
    const request = httpRequest(`${url}/api/v1/orders`, {
      agent,
      method: 'POST',
      headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json', expect: '100-continue' },
    });
    const created = received(request);
    created.catch(() => undefined);
    request.flushHeaders();
    // The API asks for the body, and so it has the request.
    await once(request, 'continue');
    return {
      created,
      release: () => {
        request.end(JSON.stringify(newOrder({ externalId: 'in-flight' })));
      },
    };
  }

  async function refused(): Promise<boolean> {
    return send('/health/live', undefined, new Agent()).then(
      () => false,
      () => true,
    );
  }

  it('answers requests in flight, closes their kept-alive connections, and leaves nothing open', async () => {
    await start({ SHUTDOWN_GRACE_SECONDS: '3600' });
    expect((await send('/health/live')).connection).toBe('keep-alive');
    const { created, release } = await createSlowly();
    api.signal('SIGTERM');
    await eventually(refused);
    release();
    expect(await created).toMatchObject({ status: 201, connection: 'close' });
    expect(await api.ended()).toBe(0);

    expect(await table.query('SELECT external_id FROM orders')).toEqual([{ external_id: 'in-flight' }]);
    const sessions = await table.query(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'mes-orders-api'`,
    );
    expect(sessions).toEqual([]);
  });

  it('ends event streams at once, and does not wait for them', async () => {
    await start({ SHUTDOWN_DELAY_SECONDS: '300' });
    const stream = await EventStream.open(url, { token: admin });
    const unread = await EventStream.connect(url, { token: admin });
    expect(await send('/api/v1/orders', newOrder())).toMatchObject({ status: 201 });
    await eventually(() => stream.news.length === 1);
    api.signal('SIGTERM');
    await eventually(() => stream.isClosed);
    // Another signal ends the delay, which is all that remains.
    await api.hurry();
    expect(await api.ended()).toBe(0);
    unread.drop();
  });

  it('reports that it is not ready, yet serves new requests, during the delay', async () => {
    await start({ SHUTDOWN_DELAY_SECONDS: '300' });
    expect(await send('/health/ready')).toMatchObject({ status: 200, connection: 'keep-alive' });
    const { created, release } = await createSlowly();
    api.signal('SIGTERM');
    const unready = await eventually(async () => {
      const ready = await send('/health/ready', undefined, new Agent());
      return ready.status === 503 && ready;
    });
    expect(unready).toMatchObject({
      connection: 'close',
      body: { code: 'NOT_READY', detail: 'This instance is stopping.' },
    });
    expect(await send('/health/live', undefined, new Agent())).toMatchObject({ status: 200, connection: 'close' });
    release();
    expect(await created).toMatchObject({ status: 201, connection: 'close' });
    // A hit on the fast path closes its connection as well.
    for (const cacheStatus of [/^mes-redis|^mes;/, /^mes-near; hit/]) {
      const listed = await send('/api/v1/orders');
      expect(listed).toMatchObject({ status: 200, connection: 'close' });
      expect(listed.cacheStatus).toMatch(cacheStatus);
    }
    expect(await send('/api/v1/orders', newOrder())).toMatchObject({ status: 201, connection: 'close' });

    // No request is in flight, so another signal only ends the delay.
    await api.hurry();
    expect(await api.ended()).toBe(0);
  });

  it('cuts off requests that take longer than the grace period', async () => {
    await start({ SHUTDOWN_GRACE_SECONDS: '1' });
    const { created } = await createSlowly();
    api.signal('SIGTERM');
    await expect(created).rejects.toThrow();
    expect(await api.ended()).toBe(1);
    expect(api.output).toContain('requests in flight were cut off');
  });

  it('takes signals that come together for one, as npm and the terminal both pass on that of Ctrl+C', async () => {
    await start({ SHUTDOWN_GRACE_SECONDS: '3600' });
    const { created, release } = await createSlowly();
    api.signal('SIGINT');
    api.signal('SIGTERM');
    await eventually(refused);
    release();
    expect(await created).toMatchObject({ status: 201 });
    expect(await api.ended()).toBe(0);
  });

  it('cuts off requests in flight at a later signal', async () => {
    await start({ SHUTDOWN_GRACE_SECONDS: '3600' });
    const { created } = await createSlowly();
    const cutOff = expect(created).rejects.toThrow();
    api.signal('SIGTERM');
    await eventually(refused);
    await api.hurry();
    await cutOff;
    expect(await api.ended()).toBe(1);
  });

  it('does not wait for idle connections', async () => {
    await start({ SHUTDOWN_GRACE_SECONDS: '3600' });
    await send('/health/live');
    api.signal('SIGTERM');
    expect(await api.ended()).toBe(0);
  });

  it('does not wait for connections on which nothing has arrived, such as browsers open in advance', async () => {
    await start({ SHUTDOWN_GRACE_SECONDS: '20' });
    const { hostname, port } = new URL(url);
    const silent = connect(Number(port), hostname);
    await once(silent, 'connect');
    await send('/health/live');
    api.signal('SIGTERM');
    expect(await api.ended()).toBe(0);
    silent.destroy();
  });
});
