import { randomUUID } from 'node:crypto';
import { eventually } from '../../../../test/support/eventually.js';
import { RedisMonitor } from '../../../../test/support/redis-monitor.js';
import { RedisServer } from '../../../../test/support/redis-server.js';
import { passRedisTime } from '../../../../test/support/redis-time.js';
import { TcpProxy } from '../../../../test/support/tcp-proxy.js';
import { describeVersionStore } from '../versions/version-store.contract.js';
import { CacheEvents, type CacheEvent } from '../cache.events.js';
import { EPOCH, VersionStoreUnavailableError } from '../versions/version-store.js';
import { RedisConnection } from './redis-connection.js';
import { RedisVersionStore } from './redis-version-store.js';

const url = process.env.TEST_REDIS_URL ?? '';
const VERSION_LIFETIME = 60_000;
const LEASE_LIFETIME = 2_000;

interface Isolated {
  readonly connection: RedisConnection;
  readonly versions: RedisVersionStore;
  readonly namespace: string;
  readonly events: readonly CacheEvent[];
}

/** Each test has keys of its own. */
function create(
  pendingWriteLifetime: number,
  redisUrl = url,
  deadline = 5_000,
  namespace: string = randomUUID(),
): Isolated {
  const options = { namespace, pendingWriteLifetime, versionLifetime: VERSION_LIFETIME, leaseLifetime: LEASE_LIFETIME };
  const recording = new CacheEvents();
  const events: CacheEvent[] = [];
  recording.subscribe((event) => events.push(event));
  const connection = new RedisConnection(
    {
      redisUrl,
      namespace,
      // Long by default: the machine may be busy with other tests, and these tests are not about speed.
      deadline,
      sweepInterval: 50,
    },
    recording,
  );
  const versions = new RedisVersionStore(connection, options, recording);
  return { connection, versions, namespace, events };
}

async function open(...options: Parameters<typeof create>): Promise<Isolated> {
  const isolated = create(...options);
  await isolated.versions.open();
  return isolated;
}

describeVersionStore('RedisVersionStore', () => {
  const pendingWriteLifetime = 200;
  const { connection, versions } = create(pendingWriteLifetime);
  return Promise.resolve({
    versions: versions,
    // Only the clock of the server decides when a write expires.
    passDeadline: () => passRedisTime(connection, pendingWriteLifetime),
    close: () => connection.close(),
  });
});

describe('RedisVersionStore', () => {
  let connection: RedisConnection;
  let versions: RedisVersionStore;
  let namespace: string;

  beforeEach(async () => {
    ({ connection, versions, namespace } = await open(1_000));
  });

  afterEach(() => connection.close());

  it('keeps versions for a limited time, and forgets completed writes', async () => {
    await versions.begin({ id: 'w', tags: ['a'] }, ['a']);
    await versions.complete(['w'], [{ tag: 'a' }, { tag: 'b' }]);
    const keys = await connection.run('other', (client) => client.keys(`*${namespace}*`));
    expect(keys.sort()).toEqual(['a', 'b', EPOCH].map((tag) => `{${namespace}}:version:${tag}`));
    for (const key of keys) {
      const left = await connection.run('other', (client) => client.pTTL(key));
      expect(left).toBeGreaterThan(VERSION_LIFETIME / 2);
      expect(left).toBeLessThanOrEqual(VERSION_LIFETIME);
    }
  });

  it('takes a snapshot by one command', async () => {
    await versions.ensureVersions(['a', 'b', 'c']);
    const monitor = await RedisMonitor.open(url);
    await versions.snapshot(['a', 'b', 'c']);
    const commands = await monitor.take(url);
    monitor.close();
    const own = commands.filter((line) => line.includes(`{${namespace}}:version:c`));
    expect(own).toHaveLength(1);
    expect(own[0]).toContain('"MGET"');
  });

  it('shares nothing with a store of another namespace on the same Redis', async () => {
    const other = await open(1_000);
    const before = await versions.ensureVersions(['a']);
    await other.versions.invalidate(['a', EPOCH]);
    await other.versions.begin({ id: 'w', tags: ['a'] });
    expect(await versions.ensureVersions(['a'])).toEqual(before);
    await other.connection.close();
  });

  it('keeps all versions when another instance starts, or has a slow response', async () => {
    const before = await versions.ensureVersions(['a', 'b']);
    const other = await open(1_000, url, 5_000, namespace);
    expect(await other.versions.ensureVersions(['a', 'b'])).toEqual(before);
    other.connection.distrust({ kind: 'slow', message: 'one response was slow' });
    await eventually(() => other.versions.available);
    expect(await versions.ensureVersions(['a', 'b'])).toEqual(before);
    await other.connection.close();
  });

  it('begins a new epoch on a Redis that was restarted with saved data', async () => {
    const redis = await RedisServer.start();
    const own = await open(1_000, redis.url);
    const before = await own.versions.ensureVersions(['a']);
    await own.connection.run('other', (client) => client.sendCommand(['SAVE']));
    await redis.restart();
    await eventually(() => own.versions.available && own.versions.store !== undefined);
    const after = await eventually(() => own.versions.snapshot([]).catch(() => undefined));
    expect(after.get(EPOCH)).not.toBe(before.get(EPOCH));
    await own.connection.close();
    await redis.stop();
  });

  it('tells why it begins a new epoch, what is unconfirmed, and which operations took how long', async () => {
    const redis = await RedisServer.start();
    const own = await open(1_000, redis.url, 5_000);
    const renewals = (): unknown[] =>
      own.events.flatMap((event) => (event.type === 'epoch-renewal' ? [event.cause] : []));
    expect(renewals()).toEqual(['no-epoch']);

    await own.connection.run('other', (client) => client.sendCommand(['SAVE']));
    await redis.restartFromSnapshot();
    await eventually(() => renewals().length === 2);
    expect(renewals().at(-1)).toBe('other-store');

    await eventually(() => own.versions.available);
    own.versions.markUnconfirmed([EPOCH]);
    await eventually(() => renewals().length === 3);
    expect(renewals().at(-1)).toBe('unconfirmed');
    expect(own.events).toContainEqual({ type: 'unconfirmed-invalidation', tags: [EPOCH] });

    await eventually(() => own.versions.available);
    await own.versions.snapshot(['a']);
    expect(own.events).toContainEqual({
      ...{ type: 'operation', name: 'snapshot', failed: false },
      milliseconds: expect.any(Number) as number,
    });
    const failing = own.versions.invalidate(['a']);
    await redis.kill();
    await failing.catch(() => undefined);
    await own.versions.invalidate(['b']).catch(() => undefined);
    await own.connection.close();
    await redis.stop();
    expect(own.events).toContainEqual({ type: 'unconfirmed-invalidation', tags: ['b'] });
  });

  it('is not trusted until unconfirmed invalidations are made up for, very many of them by a new epoch', async () => {
    const { versions, events, connection } = await open(1_000);
    for (const count of [1_000, 1_001]) {
      versions.markUnconfirmed(Array.from({ length: count }, (_, i) => `tag ${i}`));
      expect(versions.available).toBe(false);
      await eventually(() => versions.available);
      const renewal = { type: 'epoch-renewal', cause: 'unconfirmed' };
      expect(events.filter((event) => event.type === 'epoch-renewal').slice(1)).toEqual(count > 1_000 ? [renewal] : []);
    }
    await connection.close();
  });

  it('begins a new epoch, and tells so, when Redis has lost it', async () => {
    const { versions, events, connection, namespace } = await open(1_000);
    const before = (await versions.snapshot([])).get(EPOCH);
    await connection.run('other', (client) => client.del(`{${namespace}}:version:${EPOCH}`));
    const after = (await versions.snapshot([])).get(EPOCH);
    expect(after).not.toBe(before);
    expect((await versions.snapshot([])).get(EPOCH)).toBe(after);
    const renewal = { type: 'epoch-renewal', cause: 'no-epoch' };
    expect(events.filter((event) => event.type === 'epoch-renewal')).toEqual([renewal, renewal]);
    await connection.close();
  });

  it('makes up again for what is unconfirmed anew while it is made up for', async () => {
    const recording = new CacheEvents();
    const options = { redisUrl: url, namespace: randomUUID(), deadline: 5_000, sweepInterval: 50 };
    const lifetimes = { pendingWriteLifetime: 1_000, versionLifetime: VERSION_LIFETIME, leaseLifetime: LEASE_LIFETIME };
    const own = new RedisVersionStore(new RedisConnection(options, recording), { ...options, ...lifetimes }, recording);
    const renewals: unknown[] = [];
    recording.subscribe((event) => {
      if (event.type !== 'epoch-renewal') return;
      renewals.push(event.cause);
      // Another invalidation is lost when Redis has carried out the first one.
      if (renewals.length === 2) own.markUnconfirmed([EPOCH]);
    });
    await own.open();
    own.markUnconfirmed([EPOCH]);
    await eventually(() => own.available);
    expect(renewals).toEqual(['no-epoch', 'unconfirmed', 'unconfirmed']);
    await own.close();
  });

  it.each<[string, () => Promise<unknown>]>([
    ['writes complete', () => versions.complete([], [{ tag: 'a' }])],
    ['notified writes are carried out', () => versions.invalidate(['a'])],
    [
      'many writes complete at once',
      () =>
        Promise.all(
          Array(16)
            .fill(0)
            .map(() => versions.complete([], [{ tag: 'a' }])),
        ),
    ],
  ])('is trusted again while %s without a pause, and makes up for what it has missed', async (_, write) => {
    const before = await versions.ensureVersions(['a', 'b', 'c']);
    versions.revalidate('a reply came late');
    await expect(versions.complete([], [{ tag: 'b' }])).rejects.toBeInstanceOf(VersionStoreUnavailableError);
    const end = new AbortController();
    const writing = (async () => {
      while (!end.signal.aborted) {
        await Promise.all([write().catch(() => undefined), new Promise(setImmediate)]);
      }
    })();
    try {
      await eventually(() => versions.available);
    } finally {
      end.abort();
      await writing;
    }
    const after = await versions.ensureVersions(['a', 'b', 'c']);
    expect(['a', 'b', 'c'].filter((tag) => after.get(tag) !== before.get(tag))).toEqual(['a', 'b']);
  });

  it('is not changed by an admission that ends after its connection was replaced', async () => {
    const way = await TcpProxy.open(url);
    const own = create(1_000, way.url);
    const admissions: ((label: string) => void)[] = [];
    const opened = own.versions.open({ admit: () => new Promise((resolve) => admissions.push(resolve)) });
    await eventually(() => admissions.length === 1);
    way.cut();
    way.mend();
    await eventually(() => admissions.length === 2);
    admissions[1]?.('new');
    await eventually(() => own.versions.available);
    admissions[0]?.('old');
    await new Promise(setImmediate);
    await own.versions.invalidate([EPOCH]);
    expect((await own.versions.snapshot([])).get(EPOCH)).toMatch(/^new#/);
    await opened;
    await own.connection.close();
    await way.close();
  });

  it('does not trust a replica', async () => {
    const redis = await RedisServer.start({ args: ['--replicaof', '127.0.0.1', new URL(url).port] });
    const own = await open(1_000, redis.url);
    expect(own.versions.available).toBe(false);
    await own.connection.close();
    await redis.stop();
  });

  it('keeps a version for long only once something is stored under it', async () => {
    const left = (tag: string): Promise<number> =>
      connection.run('other', (client) => client.pTTL(`{${namespace}}:version:${tag}`));
    await versions.ensureVersions(['a', 'b']);
    expect(await left('a')).toBeLessThanOrEqual(30_000);
    await versions.pending(['a']);
    expect(await left('a')).toBeGreaterThan(30_000);
    expect(await left('b')).toBeLessThanOrEqual(30_000);
  });

  it('prolongs the epoch when a member checks in', async () => {
    const key = `{${namespace}}:version:${EPOCH}`;
    await connection.run('other', (client) => client.pExpire(key, 20_000));
    await versions.checkIn('one', 5_000, true);
    expect(await connection.run('other', (client) => client.pTTL(key))).toBeGreaterThan(20_000);
  });

  it('sees members as present until their last check-in ends', async () => {
    await versions.checkIn('one', 3_000, true);
    await versions.checkIn('one', 3_000, true);
    expect(await versions.arePresent(['one'])).toBe(true);
    expect(await versions.arePresent(['one', 'two'])).toBe(false);
    await eventually(async () => !(await versions.arePresent(['one'])));
    // Its end has passed already by the clock of Redis, like that of a call that arrives late.
    await versions.checkIn('one', -1, true);
    expect(await versions.arePresent(['one'])).toBe(false);
  });

  it('prolongs the presence key of a member that may not return, and does not set it again once it has expired', async () => {
    // The first check-in only learns the time.
    expect(await versions.checkIn('one', 30_000, true)).toBe(0);
    expect(await versions.checkIn('one', 30_000, true)).toBeGreaterThan(0);
    expect(await versions.checkIn('one', 60_000, false)).toBeGreaterThan(30_000);
    await connection.run('other', (client) => client.del(`{${namespace}}:member:one`));
    expect(await versions.checkIn('one', 60_000, false)).toBe(0);
    expect(await versions.arePresent(['one'])).toBe(false);
    expect(await versions.checkIn('one', 60_000, true)).toBeGreaterThan(30_000);
    expect(await versions.arePresent(['one'])).toBe(true);
  });

  it('grants a lease to one of all processes, and again once it is released or has ended', async () => {
    const other = await open(1_000, url, 5_000, namespace);
    const granted = await Promise.all([versions, other.versions].map((store) => store.acquireLease('page')));
    expect(granted.filter(Boolean)).toHaveLength(1);
    await versions.releaseLease('page');
    expect(await other.versions.acquireLease('page')).toBe(true);
    expect(await versions.acquireLease('page')).toBe(false);
    await eventually(() => versions.acquireLease('page'));
    await other.connection.close();
  });

  it('acquires the leases of refreshed responses as they become current, and none if the swap is refused', async () => {
    const other = await open(1_000, url, 5_000, namespace);
    const expected = (await versions.ensureVersions(['a'])).get('a') ?? '';
    const refresh = (expected: string): Promise<boolean> =>
      versions.complete([], [{ tag: 'a', swap: { expected, next: 'next', otherwise: 'refuse' } }], {
        leases: [`page ${expected}`],
      });
    expect([await refresh('another version'), await refresh(expected)]).toEqual([false, true]);
    expect(await other.versions.acquireLease('page another version')).toBe(true);
    expect(await other.versions.acquireLease(`page ${expected}`)).toBe(false);
    await eventually(() => other.versions.acquireLease(`page ${expected}`));
    await other.connection.close();
  });

  it('grants every lease while Redis is away', async () => {
    await connection.close();
    expect(await versions.acquireLease('page')).toBe(true);
    expect(await versions.acquireLease('page')).toBe(true);
    await versions.releaseLease('page');
  });

  it('takes no reply to another command for a snapshot', async () => {
    const way = await TcpProxy.open(url);
    const via = await open(1_000, way.url);
    await eventually(() => via.versions.available);
    let late: Buffer | string = '+OK\r\n';
    way.forge((reply) => {
      const sent = late;
      late = reply;
      return sent;
    });
    await expect(via.versions.snapshot([])).rejects.toMatchObject({ detail: 'redis-failed' });
    way.mend();
    await eventually(() => via.versions.available);
    await via.connection.close();
    await way.close();
  });
});
