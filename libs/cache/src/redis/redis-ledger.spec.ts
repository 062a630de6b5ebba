import { randomUUID } from 'node:crypto';
import { eventually } from '../../../../test/support/eventually.js';
import { RedisMonitor } from '../../../../test/support/redis-monitor.js';
import { RedisServer } from '../../../../test/support/redis-server.js';
import { describeLedger } from '../ledger/ledger.contract.js';
import { EPOCH, LedgerUnavailableError } from '../ledger/ledger.js';
import { RedisConnection } from './redis-connection.js';
import { RedisLedger, renewEpoch } from './redis-ledger.js';

const url = process.env.TEST_REDIS_URL ?? '';
const VERSION_LIFETIME = 60_000;

interface Isolated {
  readonly connection: RedisConnection;
  readonly ledger: RedisLedger;
  readonly namespace: string;
}

/** Each test has keys of its own. */
async function open(intentLifetime: number, redisUrl = url, deadline = 5_000): Promise<Isolated> {
  const options = { namespace: randomUUID(), intentLifetime, versionLifetime: VERSION_LIFETIME };
  const connection = new RedisConnection({
    url: redisUrl,
    // Long by default: the machine may be busy with other tests, and what is tested here is not speed.
    deadline,
    retryInterval: 50,
    regain: (client) => renewEpoch(client, options),
  });
  await connection.open();
  return { connection, ledger: new RedisLedger(connection, options), namespace: options.namespace };
}

describeLedger('RedisLedger', async () => {
  const intentLifetime = 200;
  const { connection, ledger } = await open(intentLifetime);
  return {
    ledger,
    // By the clock of the server, which is the one that counts.
    passDeadline: async () => {
      const read = async (): Promise<number> => (await connection.run((client) => client.time())).getTime();
      const end = (await read()) + intentLifetime;
      while ((await read()) <= end) await new Promise((resolve) => setTimeout(resolve, 10));
    },
    close: () => connection.close(),
  };
});

describe('RedisLedger', () => {
  let connection: RedisConnection;
  let ledger: RedisLedger;
  let namespace: string;

  beforeEach(async () => {
    ({ connection, ledger, namespace } = await open(1_000));
  });

  afterEach(() => connection.close());

  it('keeps every version for a limited time, and no intent of a settled write', async () => {
    await ledger.announce({ id: 'w', tags: ['a'] }, ['a']);
    await ledger.settle(['w'], [{ tag: 'a' }, { tag: 'b' }]);
    const keys = await connection.run((client) => client.keys(`*${namespace}*`));
    expect(keys.sort()).toEqual(['a', 'b', EPOCH].map((tag) => `{${namespace}}:version:${tag}`));
    for (const key of keys) {
      const left = await connection.run((client) => client.pTTL(key));
      expect(left).toBeGreaterThan(VERSION_LIFETIME / 2);
      expect(left).toBeLessThanOrEqual(VERSION_LIFETIME);
    }
  });

  it('asks for all versions in one command', async () => {
    await ledger.observe(['a', 'b', 'c']);
    const monitor = await RedisMonitor.open(url);
    await ledger.observe(['a', 'b', 'c']);
    const commands = await monitor.take(url);
    monitor.close();
    const own = commands.filter((line) => line.includes(`{${namespace}}:version:c`));
    expect(own).toHaveLength(1);
    expect(own[0]).toContain('"MGET"');
  });

  it('does not take for under way, when Redis is back, what was over while it was away', async () => {
    const redis = await RedisServer.start();
    const own = await open(60_000, redis.url, 200);
    redis.pause();
    // Redis will find both when it goes on.
    await expect(own.ledger.announce({ id: 'w', tags: ['a'] })).rejects.toThrow(LedgerUnavailableError);
    await expect(own.ledger.settle(['w'], [{ tag: 'a' }])).rejects.toThrow(LedgerUnavailableError);
    redis.resume();
    await eventually(() => own.ledger.available);
    await eventually(async () => (await own.ledger.pending(['a'])).intentIds.includes('w'));
    await own.ledger.sweep();
    expect((await own.ledger.pending(['a'])).intentIds).toEqual([]);
    await own.connection.close();
    await redis.stop();
  });

  it('has nothing in common with a ledger of another name on the same Redis', async () => {
    const other = await open(1_000);
    const before = await ledger.observe(['a']);
    await other.ledger.evict(['a', EPOCH]);
    await other.ledger.announce({ id: 'w', tags: ['a'] });
    expect(await ledger.observe(['a'])).toEqual(before);
    await other.connection.close();
  });
});
