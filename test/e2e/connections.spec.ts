import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiProcess, PATIENT } from '../support/api-process.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis-server.js';
import { Scrape } from '../support/scrape.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** More than the process has file descriptors. */
const CLIENTS = 700;

describe('more connections than the process has file descriptors', () => {
  let database: TestDatabase;
  let redis: RedisServer;
  let way: TcpProxy;
  let folder: string;
  let api: ApiProcess;
  let url: string;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const sockets: Socket[] = [];

  beforeAll(async () => {
    [database, redis, folder] = await Promise.all([
      createTestDatabase(),
      RedisServer.start(),
      mkdtemp(join(tmpdir(), 'mes-connections-')),
    ]);
    way = await TcpProxy.open(database.url);
    api = new ApiProcess(
      // The connections below stay open, though they send nothing.
      { ...PATIENT, REQUEST_TIMEOUT_SECONDS: '3600', DATABASE_URL: way.url, REDIS_URL: redis.url, DATA_DIR: folder },
      { preloads: ['test/support/few-descriptors.ts'] },
    );
    url = await api.ready();
  });

  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    agent.destroy();
    await api.destroy();
    await way.close();
    await Promise.all([redis.stop(), database.drop(), rm(folder, { recursive: true })]);
  });

  /** Asks through the one connection that was there before the others. */
  async function ask(path: string): Promise<{ status: number | undefined; body: string }> {
    const authorization = `Bearer ${/operator +(\S+)/.exec(api.output)?.[1] ?? ''}`;
    const asked = request(`${url}${path}`, { agent, headers: { authorization } });
    asked.end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    return { status: response.statusCode, body: await text(response) };
  }

  it('are refused, counted and told of once, and leave enough for PostgreSQL and Redis', async () => {
    expect((await ask('/health/live')).status).toBe(200);
    let closed = 0;
    const { port } = new URL(url);
    for (let i = 0; i < CLIENTS; i += 1) {
      const socket = connect(Number(port), '127.0.0.1').on('error', () => undefined);
      socket.on('close', () => (closed += 1)).resume();
      sockets.push(socket);
      await once(socket, 'connect');
    }
    await eventually(() => closed > 0);

    // The pool has to connect anew.
    way.breakConnections();
    await eventually(async () => (await ask('/api/v1/orders?q=ring')).status === 200);
    await eventually(async () => {
      const refused = Scrape.from((await ask('/metrics')).body).value('mes_http_refused_connections_total');
      return refused === closed && closed + 600 > CLIENTS;
    });
    expect(api.output.match(/connection.* refused.*/g)).toEqual([
      expect.stringMatching(/^connections are refused: \d+ are open, and the process may open 600 files: raise/),
    ]);
  });
});
