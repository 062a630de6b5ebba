import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import type { Response } from 'undici';
import { DevelopmentIssuer } from '../../apps/mes-api/src/auth/development-issuer.js';
import type { Role } from '../../apps/mes-api/src/auth/caller.js';
import { freePort } from '../../libs/database/src/embedded/server-process.js';
import { ApiProcess } from '../support/api-process.js';
import { EventStream } from '../support/event-stream.js';
import { eventually } from '../support/eventually.js';
import { NginxServer } from '../support/nginx-server.js';
import { OrdersTable } from '../support/orders-table.js';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { newOrder } from '../support/test-orders.js';

const BASE_PATH = '/mes';
const ORDERS = `${BASE_PATH}/api/v1/orders`;
const NEW_ORDERS = `${ORDERS}?status=NEW`;
const LIMIT = 100;
/** Longer than nginx waits for an instance before it asks the next one, also on a busy machine. */
const PATIENCE_MS = 10_000;
const STREAM_PATIENCE_MS = 2_000;

interface Instance {
  readonly process: ApiProcess;
  /** Where it is without nginx. */
  readonly url: string;
}

describe('behind nginx', () => {
  let database: TestDatabase;
  /** Between the instances and the database. */
  let way: TcpProxy;
  let redis: RedisServer;
  let dataDirectory: string;
  let issuer: DevelopmentIssuer;
  let instances: Instance[];
  let nginx: NginxServer;
  let callers = 0;

  beforeAll(async () => {
    [database, redis, dataDirectory] = await Promise.all([
      createTestDatabase(),
      RedisServer.start(),
      mkdtemp(join(tmpdir(), 'mes-nginx-spec-')),
    ]);
    [issuer, way] = await Promise.all([DevelopmentIssuer.open(dataDirectory), TcpProxy.open(database.url)]);
    instances = await Promise.all([startInstance(), startInstance(), startInstance()]);
    nginx = await NginxServer.start(
      instances.map(({ url }) => url),
      BASE_PATH,
    );
  });

  afterAll(async () => {
    await nginx.stop();
    await Promise.all(instances.map(({ process }) => process.destroy()));
    await way.close();
    await Promise.all([redis.stop(), database.drop(), rm(dataDirectory, { recursive: true })]);
  });

  async function startInstance(): Promise<Instance> {
    const process = new ApiProcess({
      DATABASE_URL: way.url,
      REDIS_URL: redis.url,
      DATA_DIR: dataDirectory,
      BASE_PATH,
      TRUST_PROXY: '127.0.0.1',
      RATE_LIMIT_PER_MINUTE: String(LIMIT),
      REDIS_DEADLINE_MS: '10000',
      MAX_EVENT_LOOP_DELAY_MS: '60000',
    });
    return { process, url: await process.ready() };
  }

  /** A token of a new caller, so that no rate limit is in the way of another test. */
  function token(role: Role): Promise<string> {
    callers += 1;
    return issuer.issue(`${role}-${callers}`, [role]);
  }

  async function authorization(role: Role): Promise<{ readonly authorization: string }> {
    return { authorization: `Bearer ${await token(role)}` };
  }

  async function create(): Promise<{ readonly id: string; readonly number: number; readonly location: string }> {
    const response = await nginx.fetch(ORDERS, {
      method: 'POST',
      headers: { ...(await authorization('partner')), 'content-type': 'application/json' },
      body: JSON.stringify(newOrder()),
    });
    expect(response.status).toBe(201);
    const { id, number } = (await response.json()) as { id: string; number: number };
    return { id, number, location: response.headers.get('location') ?? '' };
  }

  async function streamsAt({ url }: Instance): Promise<number> {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    return Number(/^mes_event_streams (\d+)$/m.exec(metrics)?.[1]);
  }

  it('page and API are served by TLS below the base path, and plain requests are redirected', async () => {
    const { id, location } = await create();
    expect(location).toBe(`${ORDERS}/${id}`);
    expect((await nginx.fetch(location, { headers: await authorization('viewer') })).status).toBe(200);
    expect((await nginx.fetch(`${BASE_PATH}/health/ready`)).status).toBe(200);
    expect((await nginx.fetch('/health/ready')).status).toBe(404);

    const redirect = await fetch(`${nginx.plainUrl}${NEW_ORDERS}`, { redirect: 'manual' });
    expect([redirect.status, redirect.headers.get('location')]).toEqual([308, `${nginx.url}${NEW_ORDERS}`]);
    const slash = await nginx.fetch(BASE_PATH);
    expect([slash.status, slash.headers.get('location')]).toEqual([301, `${BASE_PATH}/`]);
  });

  it('rate limits count the address of the client, which cannot choose another one', async () => {
    let asked = 0;
    const ask = async (from: string): Promise<number> => {
      asked += 1;
      const headers = { 'x-forwarded-for': `203.0.113.${asked % 250}`, forwarded: 'for=203.0.113.1' };
      const { status, body } = await nginx.fetch(NEW_ORDERS, { from, headers });
      await body?.cancel();
      return status;
    };
    await eventually(async () => (await ask('127.0.0.2')) === 429);
    // The instances exchange their counts now and then.
    expect(asked).toBeGreaterThanOrEqual(LIMIT);
    expect(await ask('127.0.0.3')).toBe(401);
  });

  it('the audit names the client’s address, and nginx and API log the same id', async () => {
    const response = await nginx.fetch(`${BASE_PATH}/api/v1/cache/stats`, {
      from: '127.0.0.4',
      headers: { ...(await authorization('admin')), 'x-forwarded-for': '203.0.113.9' },
    });
    expect(response.status).toBe(200);
    const id = response.headers.get('x-request-id');
    const line = await eventually(() =>
      instances
        .flatMap(({ process }) => process.output.split('\n'))
        .find((text) => text.includes('"audit"') && text.includes(`"requestId":"${String(id)}"`)),
    );
    expect(JSON.parse(line)).toMatchObject({ audit: { address: '127.0.0.4', action: 'read cache statistics' } });
    const logged = await eventually(async () => (await nginx.log()).find((request) => request.id === id));
    expect(logged).toMatchObject({ client: '127.0.0.4', method: 'GET', status: '200' });
  });

  it('the access log has no queries, which may contain names', async () => {
    await nginx.fetch(`${ORDERS}?q=Sokolova`, { headers: await authorization('viewer') });
    const logged = await eventually(async () => {
      const requests = await nginx.log();
      return requests.some(({ path }) => path === ORDERS) ? JSON.stringify(requests) : undefined;
    });
    expect(logged).not.toContain('Sokolova');
  });

  it('an entity tag of one instance is known to all', async () => {
    await create();
    const headers = await authorization('operator');
    for (const path of [NEW_ORDERS, `${BASE_PATH}/docs-json`]) {
      const tags = await Promise.all(
        instances.map(async ({ url }) => (await fetch(`${url}${path}`, { headers })).headers.get('etag')),
      );
      expect(new Set(tags).size).toBe(1);
    }
    const tag = (await nginx.fetch(NEW_ORDERS, { headers })).headers.get('etag') ?? '';
    expect(tag).toMatch(/^"/);
    const ids = new Set<string | null>();
    for (let i = 0; i < 12; i += 1) {
      const response = await nginx.fetch(NEW_ORDERS, { headers: { ...headers, 'if-none-match': tag } });
      expect(response.status).toBe(304);
      ids.add(response.headers.get('x-request-id'));
    }
    const asked = await eventually(async () => {
      const requests = (await nginx.log()).filter(({ id }) => ids.has(id));
      return requests.length === ids.size ? new Set(requests.map(({ instance }) => instance)) : undefined;
    });
    expect(asked.size).toBe(instances.length);
  });

  it('the API itself refuses what is too large', async () => {
    const headers = { ...(await authorization('partner')), 'content-type': 'application/json' };
    const body = JSON.stringify({ ...newOrder(), comment: 'x'.repeat(100_000) });
    const large = await nginx.fetch(ORDERS, { method: 'POST', headers, body });
    expect(await large.json()).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
    const long = await nginx.fetch(`${ORDERS}?q=${'x'.repeat(9_000)}`, { headers });
    expect(await long.json()).toMatchObject({ status: 414, code: 'URI_TOO_LONG' });
  });

  it('what one client sends too much of takes no instance from the others', async () => {
    const headers = { ...(await authorization('partner')), 'content-type': 'application/json' };
    const body = JSON.stringify({ ...newOrder(), comment: 'x'.repeat(900_000) });
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const { status, body: answer } = await nginx.fetch(ORDERS, { method: 'POST', headers, body });
        await answer?.cancel();
        return status;
      }),
    );
    expect(new Set(statuses)).toEqual(new Set([413]));
    await create();
  });

  it('what nginx itself refuses is a problem as well', async () => {
    const headers = { ...(await authorization('partner')), 'content-type': 'application/json' };
    const body = 'x'.repeat(2_000_000);
    const answers = [
      await nginx.fetch(ORDERS, { method: 'POST', headers, body }),
      await nginx.fetch(ORDERS, { headers: { 'x-long': 'x'.repeat(40_000) } }),
      await nginx.fetch(`${ORDERS}?q=${'x'.repeat(40_000)}`),
      await nginx.fetch('/'),
    ];
    const codes = ['PAYLOAD_TOO_LARGE', 'REQUEST_HEADER_FIELDS_TOO_LARGE', 'URI_TOO_LONG', 'NOT_FOUND'];
    for (const [i, code] of codes.entries()) {
      const answer = answers[i];
      expect(answer?.headers.get('content-type')).toBe('application/problem+json');
      const requestId = answer?.headers.get('x-request-id');
      const title = expect.any(String) as string;
      expect(await answer?.json()).toMatchObject({ status: answer?.status, code, title, requestId });
    }
    const lonely = await NginxServer.start([`http://127.0.0.1:${await freePort()}`], BASE_PATH);
    const answer = await lonely.fetch(ORDERS, { method: 'POST', headers, body: '{}' });
    expect([answer.status, await answer.json()]).toMatchObject([502, { status: 502, code: 'BAD_GATEWAY' }]);
    await lonely.stop();
  });

  it('nginx does not start without the base path, and passes on simple health checks, which name no host', async () => {
    await expect(NginxServer.start(['http://127.0.0.1:3000'], undefined)).rejects.toThrow(
      'unknown "mes_base_path" variable',
    );
    const { hostname, port } = new URL(nginx.url);
    const socket = connect({ host: hostname, port: Number(port), ca: nginx.certificate });
    socket.write(`GET ${BASE_PATH}/health/ready HTTP/1.0\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  });

  it('an instance that hangs costs a read some seconds, once, and a write is not sent twice', async () => {
    const [hanging] = instances;
    const comment = randomUUID();
    hanging?.process.signal('SIGSTOP');
    try {
      let answered = 0;
      const writes = instances.map(async () => {
        const headers = { ...(await authorization('partner')), 'content-type': 'application/json' };
        const body = JSON.stringify({ ...newOrder(), comment });
        const { status } = await nginx.fetch(ORDERS, { method: 'POST', headers, body });
        answered += 1;
        return status;
      });
      await eventually(() => answered === instances.length - 1);
      const headers = await authorization('operator');
      for (let i = 0; i < 4 * instances.length; i += 1) {
        const { status, body } = await nginx.fetch(NEW_ORDERS, { headers, signal: AbortSignal.timeout(PATIENCE_MS) });
        await body?.cancel();
        expect(status).toBe(200);
      }
      hanging?.process.signal('SIGCONT');
      expect(await Promise.all(writes)).toEqual([201, 201, 201]);
    } finally {
      hanging?.process.signal('SIGCONT');
    }
    const table = await OrdersTable.connect(database.url);
    const saved = await table.query<{ id: string }>('SELECT id FROM orders WHERE comment = $1', [comment]);
    await table.close();
    expect(saved).toHaveLength(instances.length);
  });

  it('an instance that hangs does not attract the streams that leave it', async () => {
    const [hanging] = instances;
    const headers = await authorization('operator');
    hanging?.process.signal('SIGSTOP');
    const streams: Response[] = [];
    try {
      for (let tries = 0; tries < 9 && streams.length < 3; tries += 1) {
        const late = new AbortController();
        const timer = setTimeout(() => {
          late.abort();
        }, STREAM_PATIENCE_MS);
        const stream = await nginx
          .fetch(`${BASE_PATH}/api/v1/events`, { headers, signal: late.signal })
          .catch(() => undefined);
        clearTimeout(timer);
        if (stream) streams.push(stream);
      }
      expect(streams).toHaveLength(3);
    } finally {
      hanging?.process.signal('SIGCONT');
      for (const { body } of streams) await body?.cancel();
    }
  });

  it('what takes the API long is not cut off, and takes no instance from others', async () => {
    const headers = await authorization('operator');
    for (const { url } of instances) await (await fetch(`${url}${NEW_ORDERS}`, { headers })).text();
    way.block();
    try {
      const asked = instances.map(async (_, i) => nginx.fetch(`${ORDERS}?q=${i}`, { headers }));
      for (const answer of await Promise.all(asked)) {
        expect(answer.headers.get('retry-after')).not.toBeNull();
        expect([answer.status, await answer.json()]).toMatchObject([503, { code: 'DATABASE_UNAVAILABLE' }]);
      }
      for (let i = 0; i < 2 * instances.length; i += 1) {
        const { status, body } = await nginx.fetch(NEW_ORDERS, { headers });
        await body?.cancel();
        // An instance answers, and not nginx. That is a hit, unless a busy machine has kept the instance from telling the others that it lives.
        expect([200, 503]).toContain(status);
      }
    } finally {
      way.mend();
    }
  });

  it('a stream goes on at another instance if its instance dies, without losing an event', async () => {
    const options = { token: await token('operator'), certificate: nginx.certificate };
    const stream = await EventStream.open(`${nginx.url}${BASE_PATH}`, options);
    const first = await create();
    // nginx holds nothing back.
    await eventually(() => stream.news.some(({ data }) => data.id === first.id));

    const carrying = await Promise.all(instances.map(streamsAt));
    expect([...carrying].sort()).toEqual([0, 0, 1]);
    const [dead] = instances.splice(carrying.indexOf(1), 1);
    dead?.process.signal('SIGKILL');
    await eventually(() => stream.isClosed);
    // Reads and writes go to the others meanwhile.
    const missed = await create();

    const resumed = await EventStream.open(`${nginx.url}${BASE_PATH}`, { ...options, lastEventId: stream.lastEventId });
    await eventually(() => resumed.news.length > 0);
    expect(resumed.news.map(({ data }) => data.id)).toEqual([missed.id]);
    resumed.drop();
  });

  it('no request fails while an instance stops, read or write, in flight or not, if clients repeat a write that was cut off', async () => {
    const orders = await Promise.all(Array.from({ length: 4 }, create));
    const table = await OrdersTable.connect(database.url);
    await table.query('BEGIN');
    await table.query('SELECT 1 FROM orders WHERE id = ANY($1) FOR UPDATE', [orders.map(({ id }) => id)]);
    // These wait for the rows, at both instances.
    const changes = orders.map(async ({ id }) =>
      nginx.fetch(`${ORDERS}/${id}`, {
        method: 'PATCH',
        headers: { ...(await authorization('operator')), 'content-type': 'application/json' },
        body: JSON.stringify({ priority: 'HIGH' }),
      }),
    );
    await eventually(async () => (await table.query<{ waiting: number }>(WAITING))[0]?.waiting === orders.length);

    const [leaving] = instances.splice(0, 1);
    const statuses: number[] = [];
    let isOver = false;
    const write = async (): Promise<Response> => {
      const headers = {
        ...(await authorization('partner')),
        'content-type': 'application/json',
        'idempotency-key': randomUUID(),
      };
      const post = (): Promise<Response> =>
        nginx.fetch(ORDERS, { method: 'POST', headers, body: JSON.stringify(newOrder()) });
      const response = await post();
      // nginx has sent it just as the instance stopped listening.
      return response.status === 502 ? post() : response;
    };
    const clients = Array.from({ length: 4 }, async (_, i) => {
      while (!isOver) {
        const response = await (i % 2 === 0
          ? nginx.fetch(NEW_ORDERS, { headers: await authorization('viewer') })
          : write());
        await response.body?.cancel();
        statuses.push(response.status);
      }
    });
    await eventually(() => statuses.length > 20);
    leaving?.process.signal('SIGTERM');
    const before = statuses.length;
    await eventually(() => statuses.length > before + 20);
    await table.query('COMMIT');
    expect((await Promise.all(changes)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(await leaving?.process.ended()).toBe(0);
    const after = statuses.length;
    await eventually(() => statuses.length > after + 20);
    isOver = true;
    await Promise.all(clients);
    await table.close();
    expect([...new Set(statuses)].sort()).toEqual([200, 201]);
  });
});

/** Sessions that wait for a row. */
const WAITING = `SELECT count(*)::integer AS waiting FROM pg_stat_activity
  WHERE datname = current_database() AND wait_event_type = 'Lock'`;
