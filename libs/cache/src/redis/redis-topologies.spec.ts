import { Logger } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Test, type TestingModule } from '@nestjs/testing';
import { eventually } from '../../../../test/support/eventually.js';
import { RedisCluster } from '../../../../test/support/redis-cluster.js';
import { redisCommand } from '../../../../test/support/redis-command.js';
import { RedisSentinels } from '../../../../test/support/redis-sentinels.js';
import { RedisServer } from '../../../../test/support/redis-server.js';
import { passRedisTime } from '../../../../test/support/redis-time.js';
import { CacheModule } from '../cache.module.js';
import type { CacheOptions } from '../cache.options.js';
import { TaggedCache } from '../tagged-cache.js';
import { describeVersionStore } from '../versions/version-store.contract.js';
import { EPOCH, VersionStore } from '../versions/version-store.js';
import { RedisConnection } from './redis-connection.js';
import { sentinelClient, type RedisAddress } from './redis-topologies.js';
import { RedisVersionStore } from './redis-version-store.js';

const WORDS = ['ring', 'brooch', 'chain', 'watch', 'tiara', 'pearl', 'clasp', 'stone'];

/** An empty tag is one like any other: its version must not stand for a key that never exists. */
const TAGS = ['words', ''];

/** Two instances of an application that keeps words, over the same Redis. */
class TwoInstances {
  /** What all words mean in the source. */
  meaning = 'old';
  loads = 0;

  private constructor(
    readonly first: TestingModule,
    readonly second: TestingModule,
  ) {}

  static async start(options: Pick<CacheOptions, 'namespace' | 'redisUrl'>): Promise<TwoInstances> {
    const start = async (): Promise<TestingModule> => {
      // Long, since the machine may be busy with other tests, and these tests are not about speed.
      const cache = CacheModule.forRoot({ ...options, deadline: 5_000, sweepInterval: 50 });
      const module = await Test.createTestingModule({ imports: [cache] }).compile();
      return module.init();
    };
    const instances = new TwoInstances(await start(), await start());
    await instances.trusted();
    return instances;
  }

  /** Waits until both trust what is stored, in the same store. Returns the epoch. */
  trusted(): Promise<string> {
    return eventually(async () => {
      const [one, other] = this.versions;
      if (one?.store === undefined || one.store !== other?.store) return undefined;
      return (await one.snapshot([]).catch(() => undefined))?.get(EPOCH);
    }, 180_000);
  }

  /** Waits until neither trusts what is stored. */
  async untrusted(): Promise<void> {
    await eventually(() => this.versions.every(({ available }) => !available));
  }

  async read(instance: TestingModule): Promise<Set<string>> {
    const load = (): Promise<string> => {
      this.loads += 1;
      return Promise.resolve(this.meaning);
    };
    const cache = instance.get(TaggedCache);
    return new Set(await Promise.all(WORDS.map((key) => cache.getOrLoad({ key, tags: TAGS }, load))));
  }

  async write(instance: TestingModule, meaning: string): Promise<void> {
    const transaction = (): Promise<void> => {
      this.meaning = meaning;
      return Promise.resolve();
    };
    await instance.get(TaggedCache).write({ tags: TAGS, transaction });
  }

  /** One instance loads, the other one has hits, and both show a write at once. */
  async expectToWork(): Promise<void> {
    for (const [writer, reader] of [
      [this.first, this.second],
      [this.second, this.first],
    ] as const) {
      const meaning = randomUUID();
      await this.write(writer, meaning);
      const before = this.loads;
      expect(await this.read(reader)).toEqual(new Set([meaning]));
      expect(this.loads).toBe(before + WORDS.length);
      expect(await this.read(writer)).toEqual(new Set([meaning]));
      expect(this.loads).toBe(before + WORDS.length);
    }
  }

  /** Both show a write, and nothing is stored. */
  async expectToLoad(): Promise<void> {
    const meaning = randomUUID();
    await this.write(this.first, meaning);
    for (const instance of [this.first, this.second, this.first]) {
      const before = this.loads;
      expect(await this.read(instance)).toEqual(new Set([meaning]));
      expect(this.loads).toBe(before + WORDS.length);
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.first.close(), this.second.close()]);
  }

  private get versions(): readonly VersionStore[] {
    return [this.first, this.second].map((instance) => instance.get(VersionStore));
  }
}

function addressOf({ port }: RedisServer): RedisAddress {
  return { host: '127.0.0.1', port };
}

describe('clusterClient', () => {
  let cluster: RedisCluster;

  beforeAll(async () => {
    cluster = await RedisCluster.start();
  });

  afterAll(() => cluster.stop());

  function start(namespace: string, url = cluster.url): Promise<TwoInstances> {
    return TwoInstances.start({ namespace, redisUrl: url });
  }

  describeVersionStore('RedisVersionStore on a cluster', () => {
    const namespace = randomUUID();
    const times = { pendingWriteLifetime: 200, versionLifetime: 60_000, leaseLifetime: 100 };
    const redisUrl = cluster.url;
    const connection = new RedisConnection({ redisUrl, namespace, deadline: 5_000, sweepInterval: 50 });
    return Promise.resolve({
      versions: new RedisVersionStore(connection, { namespace, ...times }),
      passDeadline: () => passRedisTime(connection, times.pendingWriteLifetime),
      close: () => connection.close(),
    });
  });

  it('finds the owner through any node that answers', async () => {
    const [silent, gone, alone] = [await RedisServer.start(), await RedisServer.start(), await RedisServer.start()];
    silent.pause();
    await gone.kill();
    const others = [silent, gone, alone].map(({ port }) => `127.0.0.1:${port}`).join();
    const instances = await start(randomUUID(), cluster.url.replace('//', `//${others},`));
    await instances.expectToWork();
    await instances.stop();
    await Promise.all([silent, gone, alone].map((server) => server.stop()));
  });

  it('needs no more rights than the documentation lists', async () => {
    const documentation = await readFile('docker/README.md', 'utf8');
    const [, rights = ''] = /^ACL SETUSER mes (on >\S+ .*)$/m.exec(documentation) ?? [];
    const [, more = ''] = /on a cluster, `(\+[^`]+)`/.exec(documentation) ?? [];
    await cluster.sendToAll('ACL', 'SETUSER', 'mes', ...rights.split(' '), ...more.split(' '));
    const instances = await start(`mes-${randomUUID()}`, cluster.url.replace('//', '//mes:password@'));
    await instances.expectToWork();
    await instances.stop();
  });

  it('follows the slot to another master, and begins a new epoch there', async () => {
    const namespace = randomUUID();
    const instances = await start(namespace);
    await instances.expectToWork();
    const epoch = await instances.trusted();
    const lines: unknown[] = [];
    const note = (line: unknown): number => lines.push(line);
    Logger.overrideLogger({ log: note, warn: note, error: note });
    await cluster.migrate(namespace, () => instances.expectToLoad());
    expect(lines.join()).toContain('the keys move to another node of the cluster: wait');
    expect(lines.join()).not.toContain('name several of its nodes');
    Logger.overrideLogger(false);
    expect(await instances.trusted()).not.toBe(epoch);
    expect(await instances.read(instances.second)).toEqual(new Set([instances.meaning]));
    await instances.expectToWork();
    await instances.stop();
  });

  it('follows the slot to the replica of a master that died, and begins a new epoch there', async () => {
    const namespace = randomUUID();
    const instances = await start(namespace);
    await instances.expectToWork();
    const epoch = await instances.trusted();
    await cluster.failOver(namespace, async () => {
      await instances.untrusted();
      await instances.expectToLoad();
    });
    expect(await instances.trusted()).not.toBe(epoch);
    expect(await instances.read(instances.second)).toEqual(new Set([instances.meaning]));
    await instances.expectToWork();
    await instances.stop();
  });
});

describe('sentinelClient', () => {
  let sentinels: RedisSentinels;

  beforeAll(async () => {
    sentinels = await RedisSentinels.start();
  });

  afterAll(() => sentinels.stop());

  it('follows Sentinel to the replica of a primary that died, and begins a new epoch there', async () => {
    const instances = await TwoInstances.start({ namespace: randomUUID(), redisUrl: sentinels.url });
    await instances.expectToWork();
    const epoch = await instances.trusted();
    await sentinels.failOver(async () => {
      await instances.untrusted();
      await instances.expectToLoad();
    });
    expect(await instances.trusted()).not.toBe(epoch);
    expect(await instances.read(instances.second)).toEqual(new Set([instances.meaning]));
    await instances.expectToWork();
    await instances.stop();
  });

  it('needs no more rights at the sentinels than the documentation lists', async () => {
    const documentation = await readFile('docker/README.md', 'utf8');
    const [, rights = ''] = /user of the sentinels needs\s+`(\+[^`]+)`/.exec(documentation) ?? [];
    await sentinels.sendToSentinels('ACL', 'SETUSER', 'mes', 'on', '>password', '-@all', ...rights.split(' '));
    const redisUrl = sentinels.url.replace(/\?.*$/, '?sentinelUsername=mes&sentinelPassword=password');
    const instances = await TwoInstances.start({ namespace: randomUUID(), redisUrl });
    await instances.expectToWork();
    await instances.stop();
  });

  it('refuses a name that the sentinels do not know', async () => {
    const client = sentinelClient({
      sentinels: sentinels.addresses,
      name: 'somebody',
      sentinel: { password: sentinels.sentinelPassword },
    });
    await expect(client({})).rejects.toThrow('somebody');
  });

  it('gives up on a server that says nothing, and leaves no connection behind', async () => {
    const silent = await RedisServer.start();
    silent.pause();
    const client = sentinelClient({ sentinels: [addressOf(silent)], name: sentinels.name });
    await expect(client({})).rejects.toThrow('no answer');
    silent.resume();
    await eventually(async () => {
      const connected = await redisCommand<string>({ url: silent.url }, 'CLIENT', 'LIST');
      return connected.trim().split('\n').length === 1;
    });
    await silent.stop();
  });
});
