import { eventually } from '../../../../test/support/eventually.js';
import { RedisServer } from '../../../../test/support/redis-server.js';
import { TlsRedisServer } from '../../../../test/support/tls-redis-server.js';
import { TcpProxy } from '../../../../test/support/tcp-proxy.js';
import { VersionStoreUnavailableError } from '../versions/version-store.js';
import { RedisConnection } from './redis-connection.js';
import { standaloneClient } from './redis-topologies.js';

/** A deadline for a server that does not answer in time, in milliseconds. */
const SHORT = 300;

const always = (): Promise<void> => Promise.resolve();

describe('RedisConnection', () => {
  let server: RedisServer;
  let connection: RedisConnection;
  let admitted: number;
  let closers: (() => Promise<void>)[];

  /** A connection that is closed after the test. Its deadline is long by default: the machine may be busy with other tests. */
  function makeConnection(redisUrl: string, deadline = 10_000): RedisConnection {
    const made = new RedisConnection({ redisUrl, namespace: 'cache', deadline, sweepInterval: 20 });
    closers.unshift(() => made.close());
    return made;
  }

  /** A way to the server that is closed after the test. */
  async function openWay(): Promise<TcpProxy> {
    const way = await TcpProxy.open(server.url);
    closers.push(() => way.close());
    return way;
  }

  beforeEach(async () => {
    server = await RedisServer.start();
    admitted = 0;
    closers = [];
    connection = makeConnection(server.url);
    await connection.open(() => {
      admitted += 1;
      return Promise.resolve();
    });
  });

  afterEach(async () => {
    for (const close of closers) await close();
    await server.stop();
  });

  it('is available once it is open and admitted', async () => {
    expect(connection.available).toBe(true);
    expect(admitted).toBe(1);
    expect(await connection.run('other', (client) => client.ping())).toBe('PONG');
  });

  it('refuses at once while Redis is away, and recovers by itself with a new admission', async () => {
    await server.kill();
    await eventually(() => !connection.available);
    let tried = false;
    const refused = connection.run('other', () => {
      tried = true;
      return Promise.resolve();
    });
    await expect(refused).rejects.toBeInstanceOf(VersionStoreUnavailableError);
    expect(tried).toBe(false);

    await server.restart();
    await eventually(() => connection.available);
    expect(admitted).toBe(2);
    expect(await connection.run('other', (client) => client.ping())).toBe('PONG');
  });

  it('gives up on a server that hangs, refuses at once from then on, and is admitted again afterwards', async () => {
    const other = makeConnection(server.url, SHORT);
    let admissions = 0;
    await other.open(() => {
      admissions += 1;
      return Promise.resolve();
    });
    await eventually(() => other.available);
    server.pause();
    try {
      await expect(other.run('other', (client) => client.ping())).rejects.toMatchObject({ detail: 'redis-failed' });
      expect(other.available).toBe(false);
      await expect(other.run('other', (client) => client.ping())).rejects.toMatchObject({ detail: 'redis-away' });
    } finally {
      server.resume();
    }
    await eventually(() => other.available);
    expect(admissions).toBeGreaterThan(1);
  });

  it('stops using a server that stays slow, and uses it again once it is quick', async () => {
    const way = await openWay();
    const other = makeConnection(way.url, 5_000);
    await other.open(always);
    // An answer takes three seconds: more than half of the deadline, and less than all of it.
    way.delay(1_500);
    const began = performance.now();
    while (other.available) expect(await other.run('other', (client) => client.ping())).toBe('PONG');
    expect(performance.now() - began).toBeGreaterThan(1_000);
    await expect(other.run('other', (client) => client.ping())).rejects.toMatchObject({ detail: 'redis-away' });

    way.mend();
    await eventually(() => other.available);
    expect(await other.run('other', (client) => client.ping())).toBe('PONG');
  });

  it('keeps using a server that is slow now and then', async () => {
    const way = await openWay();
    const other = makeConnection(way.url, 5_000);
    await other.open(always);
    for (let round = 0; round < 2; round += 1) {
      way.delay(1_500);
      await other.run('other', (client) => client.ping());
      way.delay(0);
      await other.run('other', (client) => client.ping());
    }
    expect(other.available).toBe(true);
  });

  it('keeps using a server after one answer that took long, but less than the deadline', async () => {
    const way = await openWay();
    const other = makeConnection(way.url, 5_000);
    await other.open(always);
    way.delay(1_300);
    await Promise.all([1, 2].map(() => other.run('other', (client) => client.ping())));
    expect(other.available).toBe(true);
  });

  it('reaches its own server, whatever others are opened at the same time', async () => {
    const another = await RedisServer.start();
    closers.push(() => another.stop());
    const both = [server, another].map(({ url }) => makeConnection(url));
    await Promise.all(both.map((one) => one.open(always)));
    const ports = both.map((one) => one.run('other', async (client) => (await client.configGet('port')).port));
    expect(await Promise.all(ports)).toEqual([server, another].map(({ port }) => String(port)));
  });

  it('does not trust a server that is not admitted', async () => {
    const closed = makeConnection(server.url);
    await closed.open(() => Promise.reject(new Error('READONLY')));
    expect(closed.available).toBe(false);
  });

  it('distrusts a server that refuses a command', async () => {
    await expect(connection.run('other', (client) => client.sendCommand(['NO-SUCH-COMMAND']))).rejects.toBeInstanceOf(
      VersionStoreUnavailableError,
    );
    expect(connection.available).toBe(false);
    await eventually(() => connection.available);
    expect(admitted).toBe(2);
  });

  it('opens without a server, and connects when it starts', async () => {
    await server.kill();
    const early = makeConnection(server.url);
    await early.open(always);
    expect(early.available).toBe(false);
    await server.restart();
    await eventually(() => early.available);
  });

  it('opens in spite of a server that hangs, and uses it when it goes on', async () => {
    server.pause();
    const early = makeConnection(server.url);
    try {
      await early.open(always);
      expect(early.available).toBe(false);
    } finally {
      server.resume();
    }
    await eventually(() => early.available);
  });

  it('is admitted again if it was distrusted during its admission', async () => {
    const admissions: (() => void)[] = [];
    const gated = makeConnection(server.url, 5_000);
    const opened = gated.open(() => new Promise<void>((resolve) => admissions.push(resolve)));
    await eventually(() => admissions.length === 1);
    gated.distrust({ kind: 'revalidating', message: 'an invalidation is unconfirmed' });
    admissions[0]?.();
    await eventually(() => admissions.length === 2);
    expect(gated.available).toBe(false);
    admissions[1]?.();
    await eventually(() => gated.available);
    await opened;
  });

  it('replaces a silent connection whose server has vanished', async () => {
    const way = await openWay();
    const other = makeConnection(way.url, SHORT);
    await other.open(always);
    way.vanish();
    await expect(other.run('other', (client) => client.ping())).rejects.toMatchObject({ detail: 'redis-failed' });
    await eventually(() => other.run('other', (client) => client.ping()).catch(() => undefined));
  });

  it('sends commands of the same client over the new connection', async () => {
    const { client } = connection;
    await server.restart();
    await eventually(() => admitted === 2 && connection.available);
    expect(await client.ping()).toBe('PONG');
  });

  it('recovers at once from a single response beyond the deadline', async () => {
    const way = await openWay();
    const other = makeConnection(way.url, SHORT);
    await other.open(always);
    way.delay(SHORT);
    await expect(other.run('other', (client) => client.ping())).rejects.toMatchObject({ detail: 'redis-failed' });
    way.delay(0);
    await eventually(() => other.available);
  });

  describe.each([
    ['after a reply', (reply: Buffer, other: string) => Buffer.concat([reply, Buffer.from(other)])],
    ['before a reply', (reply: Buffer, other: string) => Buffer.concat([Buffer.from(other), reply])],
  ])('trusts nothing of a connection on which comes, %s', (_, join) => {
    it.each([
      ['a reply', '+OK\r\n'],
      ['an error', '-ERR no\r\n-ERR no\r\n'],
      ['an array that nothing can hold', '*99999999999\r\n'],
      ['an array of fewer than no elements', '* OK ready\r\n'],
      ['a text without end', '$99999999999\r\nx'],
      ['a push of RESP3', '>2\r\n+invalidate\r\n*1\r\n+key\r\n'],
      ['a greeting', 'SSH-2.0-OpenSSH_10.0\r\n'],
      ['bytes', Buffer.from(Array.from({ length: 256 }, (__, byte) => byte)).toString('latin1')],
    ])('%s', async (__, other) => {
      const way = await openWay();
      const via = makeConnection(way.url, 1_000);
      await via.open(always);
      await eventually(() => via.available);
      way.forge((reply) => join(reply, other));
      const echo = (text: string): Promise<string> => via.run('other', (client) => client.echo(text));
      const replies = await Promise.allSettled(['1', '2', '3'].map(echo));
      const given = replies.map((reply, i) => reply.status === 'rejected' || reply.value === String(i + 1));
      expect(given).toEqual([true, true, true]);
      await eventually(async () => {
        await via.run('other', (client) => client.ping()).catch(() => undefined);
        return !via.available;
      });
      way.mend();
      await eventually(() => via.available);
      expect(await echo('again')).toBe('again');
    });
  });

  it('uses TLS, and survives what it cannot read there', async () => {
    const encrypted = await TlsRedisServer.start();
    closers.push(() => encrypted.stop());
    const tls = { tls: true, rejectUnauthorized: false } as const;
    const createRedisClient = standaloneClient(
      { host: '127.0.0.1', port: Number(new URL(encrypted.url).port) },
      { socket: tls },
    );
    const options = { namespace: 'cache', deadline: 10_000, sweepInterval: 20 };
    const [via, other] = [1, 2].map(() => new RedisConnection({ ...options, createRedisClient })) as [
      RedisConnection,
      RedisConnection,
    ];
    for (const one of [via, other]) {
      closers.unshift(() => one.close());
      await one.open(always);
      await eventually(() => one.available);
    }
    const long = 'x'.repeat(1_000_000);
    expect(await via.run('other', (client) => client.echo(long))).toBe(long);
    // What subscribers are sent has no command, since the `redis` package does not know of the subscription.
    await via.run('other', (client) => client.sendCommand(['SUBSCRIBE', 'channel']));
    await other.run('other', (client) => client.publish('channel', 'news'));
    await eventually(() => !via.available);
    await eventually(() => via.available);
  });
});
