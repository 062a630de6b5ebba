import { eventually } from '../../../../test/support/eventually.js';
import { RedisServer } from '../../../../test/support/redis-server.js';
import { TcpProxy } from '../../../../test/support/tcp-proxy.js';
import { VersionStoreUnavailableError } from '../versions/version-store.js';
import { RedisConnection } from './redis-connection.js';

const always = (): Promise<void> => Promise.resolve();

describe('RedisConnection', () => {
  let server: RedisServer;
  let connection: RedisConnection;
  let admitted: number;

  beforeEach(async () => {
    server = await RedisServer.start();
    admitted = 0;
    connection = new RedisConnection({
      redisUrl: server.url,
      deadline: 300,
      sweepInterval: 20,
    });
    await connection.open(() => {
      admitted += 1;
      return Promise.resolve();
    });
  });

  afterEach(async () => {
    await connection.close();
    await server.stop();
  });

  it('is available once it is open and admitted', async () => {
    expect(connection.available).toBe(true);
    expect(admitted).toBe(1);
    expect(await connection.run((client) => client.ping())).toBe('PONG');
  });

  it('refuses at once while Redis is away, and recovers by itself with a new admission', async () => {
    await server.kill();
    await eventually(() => !connection.available);
    let tried = false;
    const refused = connection.run(() => {
      tried = true;
      return Promise.resolve();
    });
    await expect(refused).rejects.toBeInstanceOf(VersionStoreUnavailableError);
    expect(tried).toBe(false);

    await server.restart();
    await eventually(() => connection.available);
    expect(admitted).toBe(2);
    expect(await connection.run((client) => client.ping())).toBe('PONG');
  });

  it('gives up on a server that hangs, refuses at once from then on, and is admitted again afterwards', async () => {
    server.pause();
    try {
      await expect(connection.run((client) => client.ping())).rejects.toMatchObject({ detail: 'redis-failed' });
      expect(connection.available).toBe(false);
      await expect(connection.run((client) => client.ping())).rejects.toMatchObject({ detail: 'redis-away' });
    } finally {
      server.resume();
    }
    await eventually(() => connection.available);
    expect(admitted).toBeGreaterThan(1);
  });

  it('stops using a server that stays slow, and uses it again once it is quick', async () => {
    const way = await TcpProxy.open(server.url);
    const other = new RedisConnection({
      redisUrl: way.url,
      deadline: 1_000,
      sweepInterval: 20,
    });
    await other.open(always);
    way.delay(300);
    const began = performance.now();
    while (other.available) expect(await other.run((client) => client.ping())).toBe('PONG');
    expect(performance.now() - began).toBeGreaterThan(1_000);
    await expect(other.run((client) => client.ping())).rejects.toMatchObject({ detail: 'redis-away' });

    way.mend();
    await eventually(() => other.available);
    expect(await other.run((client) => client.ping())).toBe('PONG');
    await other.close();
    await way.close();
  });

  it('keeps using a server that is slow now and then', async () => {
    const way = await TcpProxy.open(server.url);
    const other = new RedisConnection({
      redisUrl: way.url,
      deadline: 1_000,
      sweepInterval: 20,
    });
    await other.open(always);
    for (let round = 0; round < 4; round += 1) {
      way.delay(300);
      await other.run((client) => client.ping());
      way.delay(0);
      await other.run((client) => client.ping());
    }
    expect(other.available).toBe(true);
    await other.close();
    await way.close();
  });

  it('reaches its own server, whatever others are opened at the same time', async () => {
    const another = await RedisServer.start();
    const both = [server, another].map(
      ({ url }) => new RedisConnection({ redisUrl: url, deadline: 300, sweepInterval: 20 }),
    );
    await Promise.all(both.map((one) => one.open(always)));
    const ports = both.map((one) => one.run(async (client) => (await client.configGet('port')).port));
    expect(await Promise.all(ports)).toEqual([server, another].map(({ port }) => String(port)));
    await Promise.all(both.map((one) => one.close()));
    await another.stop();
  });

  it('does not trust a server that is not admitted', async () => {
    const closed = new RedisConnection({
      redisUrl: server.url,
      deadline: 300,
      sweepInterval: 20,
    });
    await closed.open(() => Promise.reject(new Error('READONLY')));
    expect(closed.available).toBe(false);
    await closed.close();
  });

  it('distrusts a server that refuses a command', async () => {
    await expect(connection.run((client) => client.sendCommand(['NO-SUCH-COMMAND']))).rejects.toBeInstanceOf(
      VersionStoreUnavailableError,
    );
    expect(connection.available).toBe(false);
    await eventually(() => connection.available);
    expect(admitted).toBe(2);
  });

  it('opens without a server, and connects when it starts', async () => {
    await server.kill();
    const early = new RedisConnection({
      redisUrl: server.url,
      deadline: 300,
      sweepInterval: 20,
    });
    await early.open(always);
    expect(early.available).toBe(false);
    await server.restart();
    await eventually(() => early.available);
    await early.close();
  });

  it('opens in spite of a server that hangs, and uses it when it goes on', async () => {
    server.pause();
    const early = new RedisConnection({
      redisUrl: server.url,
      deadline: 300,
      sweepInterval: 20,
    });
    try {
      await early.open(always);
      expect(early.available).toBe(false);
    } finally {
      server.resume();
    }
    await eventually(() => early.available);
    await early.close();
  });

  it('is admitted again if it was distrusted during its admission', async () => {
    const admissions: (() => void)[] = [];
    const gated = new RedisConnection({ redisUrl: server.url, deadline: 5_000, sweepInterval: 20 });
    const opened = gated.open(() => new Promise<void>((resolve) => admissions.push(resolve)));
    await eventually(() => admissions.length === 1);
    gated.distrust('an invalidation is unconfirmed');
    admissions[0]?.();
    await eventually(() => admissions.length === 2);
    expect(gated.available).toBe(false);
    admissions[1]?.();
    await eventually(() => gated.available);
    await opened;
    await gated.close();
  });

  it('replaces a silent connection whose server has vanished', async () => {
    const way = await TcpProxy.open(server.url);
    const other = new RedisConnection({ redisUrl: way.url, deadline: 300, sweepInterval: 20 });
    await other.open(always);
    way.vanish();
    await expect(other.run((client) => client.ping())).rejects.toMatchObject({ detail: 'redis-failed' });
    await eventually(() => other.available);
    expect(await other.run((client) => client.ping())).toBe('PONG');
    await other.close();
    await way.close();
  });

  it('sends commands of the same client over the new connection', async () => {
    const { client } = connection;
    await server.restart();
    await eventually(() => admitted === 2 && connection.available);
    expect(await client.ping()).toBe('PONG');
  });

  it('recovers at once from a single response beyond the deadline', async () => {
    const way = await TcpProxy.open(server.url);
    const other = new RedisConnection({ redisUrl: way.url, deadline: 300, sweepInterval: 20 });
    await other.open(always);
    way.delay(400);
    await expect(other.run((client) => client.ping())).rejects.toMatchObject({ detail: 'redis-failed' });
    way.delay(0);
    await eventually(() => other.available);
    await other.close();
    await way.close();
  });
});
