import { eventually } from '../../../../test/support/eventually.js';
import { RedisServer } from '../../../../test/support/redis-server.js';
import { TcpProxy } from '../../../../test/support/tcp-proxy.js';
import { LedgerUnavailableError } from '../ledger/ledger.js';
import { RedisConnection } from './redis-connection.js';

describe('RedisConnection', () => {
  let server: RedisServer;
  let connection: RedisConnection;
  let regained: number;

  beforeEach(async () => {
    server = await RedisServer.start();
    regained = 0;
    connection = new RedisConnection({
      url: server.url,
      deadline: 300,
      retryInterval: 20,
      regain: (client) => {
        regained += 1;
        return client.ping();
      },
    });
    await connection.open();
  });

  afterEach(async () => {
    await connection.close();
    await server.stop();
  });

  it('is available once it is open and has been prepared', async () => {
    expect(connection.available).toBe(true);
    expect(regained).toBe(1);
    expect(await connection.run((client) => client.ping())).toBe('PONG');
  });

  it('refuses at once while Redis is away, and comes back by itself, prepared anew', async () => {
    await server.kill();
    await eventually(() => !connection.available);
    let tried = false;
    const refused = connection.run(() => {
      tried = true;
      return Promise.resolve();
    });
    await expect(refused).rejects.toBeInstanceOf(LedgerUnavailableError);
    expect(tried).toBe(false);

    await server.restart();
    await eventually(() => connection.available);
    expect(regained).toBe(2);
    expect(await connection.run((client) => client.ping())).toBe('PONG');
  });

  it('gives up on a server that hangs, refuses at once from then on, and is prepared anew afterwards', async () => {
    server.pause();
    try {
      await expect(connection.run((client) => client.ping())).rejects.toMatchObject({ detail: 'redis-failed' });
      expect(connection.available).toBe(false);
      await expect(connection.run((client) => client.ping())).rejects.toMatchObject({ detail: 'redis-away' });
    } finally {
      server.resume();
    }
    await eventually(() => connection.available);
    expect(regained).toBeGreaterThan(1);
  });

  it('leaves a server alone that is slow again and again, and comes back once it is quick', async () => {
    const way = await TcpProxy.open(server.url);
    const other = new RedisConnection({
      url: way.url,
      deadline: 1_000,
      retryInterval: 20,
      regain: (client) => client.ping(),
    });
    await other.open();
    way.delay(300);
    for (let i = 0; i < 5; i += 1) {
      expect(other.available).toBe(true);
      expect(await other.run((client) => client.ping())).toBe('PONG');
    }
    expect(other.available).toBe(false);
    await expect(other.run((client) => client.ping())).rejects.toMatchObject({ detail: 'redis-away' });

    way.mend();
    await eventually(() => other.available);
    expect(await other.run((client) => client.ping())).toBe('PONG');
    await other.close();
    await way.close();
  });

  it('forgives a server that is slow now and then', async () => {
    const way = await TcpProxy.open(server.url);
    const other = new RedisConnection({
      url: way.url,
      deadline: 1_000,
      retryInterval: 20,
      regain: (client) => client.ping(),
    });
    await other.open();
    for (let round = 0; round < 2; round += 1) {
      way.delay(300);
      for (let i = 0; i < 4; i += 1) await other.run((client) => client.ping());
      way.delay(0);
      await other.run((client) => client.ping());
    }
    expect(other.available).toBe(true);
    await other.close();
    await way.close();
  });

  it('does not trust a server that is there but cannot be prepared', async () => {
    const closed = new RedisConnection({
      url: server.url,
      deadline: 300,
      retryInterval: 20,
      regain: () => Promise.reject(new Error('READONLY')),
    });
    await closed.open();
    expect(closed.available).toBe(false);
    await closed.close();
  });

  it('distrusts a server that refuses a command', async () => {
    await expect(connection.run((client) => client.sendCommand(['NO-SUCH-COMMAND']))).rejects.toBeInstanceOf(
      LedgerUnavailableError,
    );
    expect(connection.available).toBe(false);
    await eventually(() => connection.available);
    expect(regained).toBe(2);
  });

  it('opens without a server, and finds it when it comes', async () => {
    await server.kill();
    const early = new RedisConnection({
      url: server.url,
      deadline: 300,
      retryInterval: 20,
      regain: (client) => client.ping(),
    });
    await early.open();
    expect(early.available).toBe(false);
    await server.restart();
    await eventually(() => early.available);
    await early.close();
  });

  it('opens in spite of a server that hangs, and finds it when it goes on', async () => {
    server.pause();
    const early = new RedisConnection({
      url: server.url,
      deadline: 300,
      retryInterval: 20,
      regain: (client) => client.ping(),
    });
    try {
      await early.open();
      expect(early.available).toBe(false);
    } finally {
      server.resume();
    }
    await eventually(() => early.available);
    await early.close();
  });

  it('is prepared once more when something did not arrive while it was being prepared', async () => {
    const preparations: (() => void)[] = [];
    const gated = new RedisConnection({
      url: server.url,
      deadline: 5_000,
      retryInterval: 20,
      regain: () => new Promise<void>((resolve) => preparations.push(resolve)),
    });
    const opened = gated.open();
    await eventually(() => preparations.length === 1);
    gated.owe();
    preparations[0]?.();
    await eventually(() => preparations.length === 2);
    expect(gated.available).toBe(false);
    preparations[1]?.();
    await eventually(() => gated.available);
    await opened;
    await gated.close();
  });
});
