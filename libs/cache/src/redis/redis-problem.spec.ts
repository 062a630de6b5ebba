import { Logger } from '@nestjs/common';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'redis';
import { eventually } from '../../../../test/support/eventually.js';
import { redisCommand } from '../../../../test/support/redis-command.js';
import { RedisServer } from '../../../../test/support/redis-server.js';
import { TlsRedisServer } from '../../../../test/support/tls-redis-server.js';
import type { StoreProblem } from '../versions/store-problem.js';
import { EPOCH } from '../versions/version-store.js';
import { RedisConnection } from './redis-connection.js';
import type { CreateRedisClient } from './redis-topologies.js';
import { RedisVersionStore } from './redis-version-store.js';

const NAMESPACE = 'mes-0123456789ab';
const SECRET = 'pass-word';
/** Servers that speak in lines, as Redis does, but are none. */
const NO_REDIS: Readonly<Record<string, (socket: Socket) => void>> = {
  'an IMAP server': (socket) => {
    socket.write('* OK ready\r\n');
    socket.on('data', () => socket.write('* BAD unknown command\r\n'));
  },
  'a POP3 server': (socket) => {
    socket.write('+OK POP3 ready\r\n');
    socket.on('data', (data) => socket.write('-ERR unknown command\r\n'.repeat(String(data).split('\n').length - 1)));
  },
  'a server that repeats what it is told': (socket) => socket.pipe(socket),
  'a server that says yes to everything': (socket) => {
    socket.on('data', (data) => socket.write('+OK\r\n'.repeat(String(data).split('*').length - 1)));
  },
};

/** How a URL names one Redis, a cluster, and sentinels. */
const ADDRESSES: Readonly<Record<string, (url: string) => string>> = {
  'a Redis': (url) => url,
  'nodes of a cluster': (url) => `${url},${new URL(url).host}`,
  'a sentinel': (url) => `${url.replace('redis:', 'redis-sentinel:')}/orders`,
};

const OPTIONS = { pendingWriteLifetime: 15_000, versionLifetime: 60_000, leaseLifetime: 1_000 };

describe('a Redis that cannot be used', () => {
  let open: RedisServer;
  let closed: RedisServer;
  let encrypted: TlsRedisServer;
  let clustered: RedisServer;
  let replica: RedisServer;
  let sentinel: RedisServer;
  let other: { readonly url: string; readonly stop: () => Promise<void> };
  let refusing: { readonly url: string; readonly stop: () => Promise<void> };
  let closers: (() => Promise<unknown>)[];
  let lines: string[];
  let stop: () => Promise<void>;

  beforeAll(async () => {
    open = await RedisServer.start();
    closed = await RedisServer.start({ args: ['--requirepass', SECRET] });
    encrypted = await TlsRedisServer.start();
    clustered = await RedisServer.start({ args: ['--cluster-enabled', 'yes'] });
    replica = await RedisServer.start({ args: ['--replicaof', '127.0.0.1', '9'] });
    sentinel = await RedisServer.start({ args: ['--sentinel'], config: `requirepass ${SECRET}` });
    refusing = await serverThat((socket) => socket.end('-DENIED Redis is running in protected mode\r\n'));
    other = await serverThat((socket) => socket.write('SSH-2.0-OpenSSH_10.0\r\n'));
  });

  afterAll(() =>
    Promise.all(
      [open, closed, encrypted, clustered, replica, sentinel, refusing, other].map((server) => server.stop()),
    ),
  );

  beforeEach(() => {
    lines = [];
    const note = (line: unknown): void => {
      lines.push(String(line));
    };
    Logger.overrideLogger({ log: note, warn: note, error: note });
    stop = () => Promise.resolve();
    closers = [];
  });

  afterEach(async () => {
    await stop();
    await Promise.all(closers.map((close) => close()));
    Logger.overrideLogger(false);
  });

  /** A store at this address. It is closed after the test. */
  async function openStore(
    redisUrl: string,
    namespace = NAMESPACE,
    createRedisClient?: CreateRedisClient,
  ): Promise<RedisVersionStore> {
    const connection = new RedisConnection({
      redisUrl,
      redisUrlName: 'REDIS_URL',
      ...(createRedisClient && { createRedisClient }),
      namespace,
      deadline: 2_000,
      sweepInterval: 20,
    });
    const store = new RedisVersionStore(connection, { ...OPTIONS, namespace });
    stop = () => store.close();
    await store.open();
    return store;
  }

  function sentinelUrl({ port }: RedisServer): string {
    return `redis-sentinel://127.0.0.1:${port}/orders`;
  }

  /** A user with these rights. */
  async function userWith(...rights: string[]): Promise<string> {
    await redisCommand({ url: open.url }, 'ACL', 'SETUSER', 'mes', 'reset', 'on', `>${SECRET}`, ...rights);
    return `redis://mes:${SECRET}@127.0.0.1:${open.port}`;
  }

  const RIGHTS = ['~{mes-*}:*', '+@all'];

  it.each<[string, () => string | Promise<string>, StoreProblem['kind'], string]>([
    ['nobody', () => 'redis://127.0.0.1:1', 'unreachable', 'nothing listens at the address in REDIS_URL'],
    ['an unknown host', () => 'redis://no-such-host.invalid', 'unreachable', 'the host in REDIS_URL is not known'],
    ['no password', () => closed.url, 'login', 'Redis requires a password: add it to REDIS_URL'],
    ['a wrong password', () => withPassword(closed, 'wrong'), 'login', 'Redis refuses the user name or the password'],
    ['an unknown user', () => withPassword(closed, SECRET, 'eve'), 'login', 'Redis refuses the user name'],
    ['a password that nobody asks for', () => withPassword(open, SECRET), 'login', 'Redis has no password'],
    ['TLS to a server without it', () => open.url.replace('redis:', 'rediss:'), 'tls', 'write redis:// in REDIS_URL'],
    [
      'no TLS to a server with it',
      () => encrypted.url.replace('rediss:', 'redis:'),
      'closed',
      'requires TLS (then write rediss:// in REDIS_URL)',
    ],
    [
      'a server that refuses at once, and says why',
      () => refusing.url.replace('//', `//:${SECRET}@`),
      'login',
      'Redis is in protected mode, and refuses other machines: set a password there, and in REDIS_URL',
    ],
    [
      'a server that refuses at once',
      () => refusing.url,
      'closed',
      'is in protected mode (then set a password), or has too many clients (maxclients)',
    ],
    ...['EVALSHA', 'DEL', 'SET', 'EXISTS'].map((command): [string, () => Promise<string>, 'error', string] => [
      `${command} that is disabled`,
      async () => {
        const without = await RedisServer.start({ config: `rename-command ${command} ""` });
        closers.push(() => without.stop());
        return without.url;
      },
      'error',
      'Redis refuses a command that the cache needs: allow it there',
    ]),
    ['an unknown certificate', () => encrypted.url, 'tls', 'NODE_EXTRA_CA_CERTS'],
    ['a node of a cluster', () => clustered.url, 'cluster', 'name several of its nodes in REDIS_URL'],
    [
      'several that are no cluster',
      () => `${open.url},127.0.0.1:${closed.port}`,
      'cluster',
      'name one host in REDIS_URL',
    ],
    [
      'a cluster without owner',
      () => `${clustered.url},127.0.0.1:${clustered.port}`,
      'cluster',
      'the cluster lacks nodes',
    ],
    [
      'a cluster that lacks other nodes',
      async () => {
        const node = await RedisServer.start({ args: ['--cluster-enabled', 'yes'] });
        closers.push(() => node.stop());
        const slot = await redisCommand<number>({ url: node.url }, 'CLUSTER', 'KEYSLOT', NAMESPACE);
        await redisCommand({ url: node.url }, 'CLUSTER', 'ADDSLOTS', String(slot));
        return `${node.url},127.0.0.1:${node.port}`;
      },
      'cluster',
      'the cluster is down because it lacks nodes: repair it',
    ],
    ['nobody in place of a sentinel', () => 'redis-sentinel://127.0.0.1:1/orders', 'unreachable', 'in REDIS_URL'],
    ['a Redis in place of a sentinel', () => sentinelUrl(open), 'sentinel', 'name the ports of the sentinels'],
    ['a sentinel without its password', () => sentinelUrl(sentinel), 'login', 'correct sentinelUsername'],
    [
      'a sentinel with a wrong password',
      () => `${sentinelUrl(sentinel)}?sentinelPassword=wrong`,
      'login',
      'correct sentinelUsername',
    ],
    [
      'an unknown primary',
      () => `${sentinelUrl(sentinel)}?sentinelPassword=${SECRET}`,
      'sentinel',
      'the sentinels watch no primary with the name in REDIS_URL',
    ],
    [
      'a replica that has lost its primary and says nothing old',
      async () => {
        const lost = await RedisServer.start();
        closers.push(() => lost.stop());
        await redisCommand({ url: lost.url }, 'CONFIG', 'SET', 'replica-serve-stale-data', 'no');
        await redisCommand({ url: lost.url }, 'REPLICAOF', '127.0.0.1', '9');
        return lost.url;
      },
      'read-only',
      'this Redis is a replica without its primary: name the primary in REDIS_URL',
    ],
    [
      'a Redis that is busy',
      async () => {
        const busy = await RedisServer.start({ args: ['--busy-reply-threshold', '1'] });
        closers.push(() => busy.stop());
        redisCommand({ url: busy.url }, 'EVAL', 'while true do end', '0').catch(() => undefined);
        await eventually(() =>
          redisCommand({ url: busy.url }, 'PING').then(
            () => false,
            (error: unknown) => String(error).includes('BUSY'),
          ),
        );
        return busy.url;
      },
      'silent',
      'Redis is busy with a script of somebody: wait, or end it by SCRIPT KILL',
    ],
    ['a server that is none', () => other.url, 'unreachable', 'no Redis answers at the address in REDIS_URL'],
    ...Object.entries(NO_REDIS).flatMap(([name, says]) =>
      Object.entries(ADDRESSES).map(([way, address]): [string, () => Promise<string>, 'unreachable', string] => [
        `${name}, named as ${way}`,
        async () => {
          const none = await serverThat(says);
          closers.push(() => none.stop());
          return address(none.url);
        },
        'unreachable',
        'the server at the address in REDIS_URL does not answer as Redis does: correct the address',
      ]),
    ),
    [
      'an HTTP server',
      async () => {
        const http = createHttpServer().listen(0, '127.0.0.1');
        await once(http, 'listening');
        closers.push(() => Promise.resolve(void http.close()));
        return `redis://127.0.0.1:${(http.address() as AddressInfo).port}`;
      },
      'closed',
      'the server closes new connections: it is no Redis',
    ],
    ['a replica', () => replica.url, 'refused', 'this Redis is a replica: use the primary'],
    ['an unknown database', () => `${open.url}/99`, 'url', 'Redis has no database with this number'],
    ['other keys', () => userWith('~other:*', '+@all'), 'rights', 'the user of Redis lacks rights'],
    [
      'reading alone',
      () => userWith('~{mes-*}:*', '+@read', '+ping', '+info'),
      'rights',
      'the user of Redis lacks rights',
    ],
    ['no INFO', () => userWith(...RIGHTS, '-info'), 'rights', "'info'"],
    ['no MGET', () => userWith(...RIGHTS, '-mget'), 'rights', "'mget'"],
    ['no DEL', () => userWith(...RIGHTS, '-del'), 'rights', "'del'"],
    ['no TIME and no HSET', () => userWith(...RIGHTS, '-time', '-hset'), 'rights', 'may not run TIME, HSET'],
  ])('is named with what to do, once: %s', async (_, url, kind, message) => {
    const store = await openStore(await url());
    await eventually(() => store.problem?.kind === kind);
    expect(lines[0]).toContain('Redis is not used, and responses come from the database: ');
    expect(lines.join()).toContain(message);
    expect(lines.join()).not.toContain('trusted from now on');
    // Many attempts later, nothing has been said again. A cause may have two signs.
    await delay(500);
    expect(new Set(lines).size).toBe(lines.length);
    expect(lines.length).toBeLessThan(3);
    expect(store.problem?.message).not.toMatch(/127\.0\.0\.1|no-such-host/);
    expect(lines.join()).not.toContain(SECRET);
  });

  it('is used as soon as its user has the rights, which is said', async () => {
    const store = await openStore(await userWith(...RIGHTS, '-time'));
    expect(store.problem?.kind).toBe('rights');
    await userWith(...RIGHTS);
    await eventually(() => store.available);
    expect(store.problem).toBeUndefined();
    expect(lines.at(-1)).toContain('Redis is used');
  });

  it.each(['-hset', '-pexpire'])('is not trusted again and again if a right is taken away: %s', async (right) => {
    const store = await openStore(await userWith(...RIGHTS));
    expect(store.available).toBe(true);
    await userWith(...RIGHTS, right);
    for (let i = 0; i < 20; i += 1) {
      await store.begin({ id: `write ${i}`, tags: ['a'] }).catch(() => undefined);
      await store.pending(['a']).catch(() => undefined);
      await delay(20);
    }
    expect(store.problem?.kind).toBe('rights');
    expect(lines.length).toBeLessThan(5);
  });

  it('because it is full is not trusted again and again', async () => {
    const store = await openStore(open.url);
    await redisCommand({ url: open.url }, 'CONFIG', 'SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '1');
    try {
      for (let i = 0; i < 20; i += 1) {
        await store.begin({ id: `write ${i}`, tags: ['a'] }).catch(() => undefined);
        await delay(20);
      }
      expect(store.problem?.kind).toBe('read-only');
      expect(lines.filter((line) => line.includes('Redis is not used')).length).toBeLessThan(3);
    } finally {
      await redisCommand({ url: open.url }, 'CONFIG', 'SET', 'maxmemory', '0');
    }
    await eventually(() => store.available);
  });

  it.each(['TLSv1.2', 'TLSv1.3'])('that requires certificates of its clients is named: %s', async (version) => {
    const strict = await TlsRedisServer.start({ 'tls-auth-clients': 'yes', 'tls-protocols': version });
    closers.push(() => strict.stop());
    const socket = { tls: true, rejectUnauthorized: false, reconnectStrategy: false } as const;
    const store = await openStore(strict.url, NAMESPACE, (options) =>
      createClient({ ...options, url: strict.url, socket }),
    );
    await eventually(() => lines.join().includes('requires certificates of its clients'));
    expect(store.problem?.message).toContain('set tls-auth-clients no there');
  });

  it('is tried again even if a client of the application is refused without an error', async () => {
    let attempts = 0;
    const store = await openStore(open.url, NAMESPACE, () => {
      attempts += 1;
      return new Promise((_, reject: () => void) => {
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        reject();
      });
    });
    await eventually(() => attempts > 1, 5_000);
    expect(store.problem?.kind).toBe('error');
  });

  it.each<[string, CreateRedisClient]>([
    ['leaves out the given options', () => createClient({ url: open.url })],
    ['forgets to return the client', () => undefined as never],
  ])('is named if the application %s', async (_, createRedisClient) => {
    const { problem } = await openStore(open.url, NAMESPACE, createRedisClient);
    expect(problem?.message).toContain('createRedisClient must make a new client of the redis package, version 4');
  });

  it('is named if the application gives a client that is connected already', async () => {
    const shared = createClient({ url: open.url });
    await shared.connect();
    await openStore(open.url, NAMESPACE, () => shared);
    expect(lines.join()).toContain('createRedisClient must make a new client');
  });

  it('leaves nothing behind that the trial of rights has written', async () => {
    const store = await openStore(open.url, 'mes-other');
    expect(store.available).toBe(true);
    const keys = await redisCommand({ url: open.url }, 'KEYS', '{mes-other}:*');
    expect(keys).toEqual([`{mes-other}:version:${EPOCH}`]);
  });
});

/** A server that writes this to each client, and closes the connection. */
async function serverThat(
  greets: (socket: Socket) => void,
): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const server = createServer((socket) => {
    greets(socket.on('error', () => undefined));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, stop: () => Promise.resolve(void server.close()) };
}

function withPassword({ port }: RedisServer, password: string, user = ''): string {
  return `redis://${user}:${password}@127.0.0.1:${port}`;
}
