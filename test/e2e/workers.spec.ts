import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiProcess, PATIENT } from '../support/api-process.js';
import { eventually } from '../support/eventually.js';
import { promtool } from '../support/promtool.js';
import { Scrape } from '../support/scrape.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { newOrder } from '../support/test-orders.js';

const WORKERS = ['1', '2'];
const ROUNDS = 10;
const REQUESTS = 'mes_http_request_duration_seconds_count';
const MISSING = 'mes_workers_missing';

interface Received {
  readonly status: number;
  readonly body: string;
}

describe('several workers', () => {
  let directory: string;
  let database: TestDatabase;
  let api: ApiProcess;
  let url: string;
  let admin: string;

  beforeEach(async () => {
    [directory, database] = await Promise.all([mkdtemp(join(tmpdir(), 'mes-workers-')), createTestDatabase()]);
  });

  afterEach(async () => {
    await api.destroy();
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  });

  function launch(environment: Readonly<Record<string, string>> = {}): void {
    api = new ApiProcess({
      ...PATIENT,
      WORKERS: String(WORKERS.length),
      DATA_DIR: directory,
      DATABASE_URL: database.url,
      REDIS_URL: process.env.TEST_REDIS_URL ?? '',
      ...environment,
    });
  }

  async function start(environment: Readonly<Record<string, string>> = {}): Promise<void> {
    launch(environment);
    url = await api.ready();
    admin = /^ {2}admin +(\S+)$/m.exec(api.output)?.[1] ?? '';
    await allServe();
  }

  /** Sends a request over a connection of its own, which the next worker in turn gets. */
  async function send(path: string, body?: object): Promise<Received> {
    const request = httpRequest(`${url}${path}`, {
      agent: false,
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
    });
    request.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return { status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() };
  }

  async function scrape(): Promise<Scrape> {
    const { status, body } = await send('/metrics');
    expect(status).toBe(200);
    return Scrape.from(body);
  }

  /** Waits until each worker has answered requests. */
  async function allServe(): Promise<void> {
    await eventually(async () => {
      await Promise.all(WORKERS.map(() => send('/api/v1/orders?status=NEW')));
      const metrics = await scrape();
      return WORKERS.every((worker) => (metrics.value(REQUESTS, { worker }) ?? 0) > 0);
    });
  }

  async function pidsOfWorkers(): Promise<number[]> {
    const children = await readFile(`/proc/${api.pid}/task/${api.pid}/children`, 'utf8');
    return children.trim().split(' ').map(Number);
  }

  it('share one port, and any of them gives the metrics of all', async () => {
    await start();
    const before = await scrape();
    for (let i = 0; i < ROUNDS; i += 1) expect((await send('/api/v1/orders?status=NEW')).status).toBe(200);
    const after = await scrape();
    for (const metrics of [before, after]) {
      expect(metrics.labelValues('process_start_time_seconds', 'worker')).toEqual(new Set(WORKERS));
      expect(new Set(metrics.names).size).toBe(metrics.names.length);
      expect(metrics.value(MISSING)).toBe(0);
    }
    for (const worker of WORKERS) {
      expect(after.value(REQUESTS, { worker }) ?? 0).toBeGreaterThan(before.value(REQUESTS, { worker }) ?? 0);
    }
    expect(await promtool(['check', 'metrics'], after.text)).toEqual({ exitCode: 0, output: '' });
    expect(api.output.match(/Swagger UI/g)).toHaveLength(1);
  });

  it('show each other what one of them has written', async () => {
    await start();
    for (let i = 0; i < ROUNDS; i += 1) {
      const { id } = JSON.parse((await send('/api/v1/orders', newOrder())).body) as { id: string };
      for (const { body } of await Promise.all([...WORKERS, ...WORKERS].map(() => send('/api/v1/orders?status=NEW'))))
        expect(body).toContain(id);
    }
  });

  it('replace one that dies, under its number, while the others serve', async () => {
    await start();
    const [victim = 0, ...others] = await pidsOfWorkers();
    process.kill(victim, 'SIGKILL');
    const replaced = await eventually(async () => {
      const pids = await pidsOfWorkers();
      return pids.length === WORKERS.length && !pids.includes(victim) && pids;
    });
    expect(replaced).toEqual(expect.arrayContaining(others));
    expect(api.output).toMatch(/Worker [12] ended \(SIGKILL\): another one takes its place/);
    await allServe();
    expect((await scrape()).labelValues('process_start_time_seconds', 'worker')).toEqual(new Set(WORKERS));
  });

  it('leave no client without an answer for ever when they die', async () => {
    await start();
    const victims = await pidsOfWorkers();
    // They take no connections any more, and the supervisor does not know it.
    for (const pid of victims) process.kill(pid, 'SIGSTOP');
    const clients = WORKERS.map(() => send('/health/live').then(() => 'answered', String));
    // Until the connections have been passed on.
    await delay(500);
    for (const pid of victims) process.kill(pid, 'SIGKILL');
    await eventually(() => api.output.match(/takes its place/g)?.length === victims.length);
    for (const outcome of await Promise.all(clients)) expect(outcome).toMatch(/answered|ECONNRESET|socket hang up/);
  });

  it('are killed and replaced if they hang', async () => {
    await start();
    const [victim = 0] = await pidsOfWorkers();
    process.kill(victim, 'SIGSTOP');
    await eventually(() => /hangs: it is killed\nWorker [12] ended \(SIGKILL\)/.test(api.output));
    await eventually(async () => (await pidsOfWorkers()).length === WORKERS.length);
    await allServe();
  });

  it('are replaced less and less often if they cannot start, and are missing until they can', async () => {
    await start();
    const keyFile = join(directory, 'development-signing-key.json');
    const key = await readFile(keyFile);
    await writeFile(keyFile, '');
    process.kill((await pidsOfWorkers())[0] ?? 0, 'SIGKILL');
    await eventually(() => api.output.includes('(exit code 1): another one takes its place in 4 s'));
    expect(api.output).toMatch(
      /\(SIGKILL\): another one takes its place in 1 s\n[^]*\(exit code 1\): another one takes its place in 2 s\n/,
    );
    expect((await send('/api/v1/orders')).status).toBe(200);
    const metrics = await scrape();
    expect(metrics.value(MISSING)).toBe(1);
    expect(metrics.labelValues('process_start_time_seconds', 'worker').size).toBe(WORKERS.length - 1);
    expect(metrics.labelValues(MISSING, 'worker').size).toBe(0);
    await writeFile(keyFile, key);
    await eventually(async () => (await scrape()).value(MISSING) === 0);
  });

  it('answer the requests in flight when they are stopped, and leave no process behind', async () => {
    await start();
    const pids = await pidsOfWorkers();
    const order = JSON.stringify(newOrder());
    const requests = WORKERS.map(() =>
      httpRequest(`${url}/api/v1/orders`, {
        agent: false,
        method: 'POST',
        headers: {
          authorization: `Bearer ${admin}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(order),
          expect: '100-continue',
        },
      }),
    );
    // Each worker has said that it wants the body.
    await Promise.all(
      requests.map(async (request) => {
        request.flushHeaders();
        await once(request, 'continue');
      }),
    );
    const answers = requests.map((request) => once(request, 'response') as Promise<[IncomingMessage]>);
    // As systemd does, which tells the workers as well.
    for (const pid of [api.pid, ...pids]) process.kill(pid, 'SIGTERM');
    // Clients whose connection is accepted as the workers stop listening are answered or refused, too.
    const clients = Array.from({ length: 8 }, () =>
      eventually(async () => (await send('/health/ready').catch(() => undefined)) === undefined),
    );
    await Promise.all(clients);
    for (const request of requests) request.end(order);
    for (const [answer] of await Promise.all(answers)) expect(answer.statusCode).toBe(201);
    expect(await api.ended()).toBe(0);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('are stopped in good order while they give their metrics', async () => {
    const way = await TcpProxy.open(database.url);
    try {
      await start({ DATABASE_URL: way.url });
      // Then the numbers of the orders, and all metrics with them, take as long as a scrape waits for them.
      way.block();
      const scraped = send('/metrics');
      await delay(100);
      // The worker that was not asked has nothing to wait for.
      api.signal('SIGTERM');
      expect(await scraped).toMatchObject({
        status: 200,
        body: expect.stringContaining('process_start_time_seconds{worker=') as string,
      });
      way.mend();
      expect(await api.ended()).toBe(0);
      expect(api.output).not.toContain('ERR_IPC_CHANNEL_CLOSED');
    } finally {
      await way.close();
    }
  });

  it('are hurried by a later signal', async () => {
    await start();
    const stuck = httpRequest(`${url}/api/v1/orders`, {
      agent: false,
      method: 'POST',
      headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json', expect: '100-continue' },
    });
    stuck.flushHeaders();
    stuck.on('error', () => undefined);
    await once(stuck, 'continue');
    api.signal('SIGINT');
    await eventually(async () => (await send('/health/ready').catch(() => undefined))?.status !== 200);
    await api.hurry();
    expect(await api.ended()).toBe(1);
    expect(api.output).toContain('requests in flight were cut off');
  });

  it('say once why they cannot start', async () => {
    const occupied = createServer().listen(0, '127.0.0.1');
    await once(occupied, 'listening');
    launch({ PORT: String((occupied.address() as AddressInfo).port) });
    expect(await api.ended()).toBe(1);
    occupied.close();
    expect(api.output.match(/cannot start/g)).toHaveLength(1);
    expect(api.output).not.toContain('takes its place');
  });

  it('can be stopped while they start', async () => {
    launch();
    await eventually(async () => (await pidsOfWorkers().catch(() => [0]))[0] !== 0);
    api.signal('SIGTERM');
    expect(await api.ended()).toBe(0);
    expect(api.output).not.toContain('takes its place');
  });

  it.each(['DATABASE_URL', 'REDIS_URL'])('need a server for what they share: %s', async (name) => {
    launch({ [name]: '' });
    expect(await api.ended()).toBe(1);
    expect(api.output).toContain(
      `WORKERS: several processes share a database and a Redis: set ${name}, or WORKERS to 1`,
    );
  });
});
