import { RedisMonitor } from '../../../../test/support/redis-monitor.js';
import { describeLedger } from '../ledger/ledger.contract.js';
import { EPOCH } from '../ledger/ledger.js';
import { RedisConnection } from './redis-connection.js';
import { RedisLedger, renewEpoch } from './redis-ledger.js';

const url = process.env.TEST_REDIS_URL ?? '';
const VERSION_LIFETIME = 60_000;

async function connect(): Promise<RedisConnection> {
  const connection = new RedisConnection({
    url,
    // Long: the machine may be busy with other tests, and what is tested here is not speed.
    deadline: 5_000,
    retryInterval: 50,
    regain: (client) => renewEpoch(client, VERSION_LIFETIME),
  });
  await connection.open();
  return connection;
}

/** All keys but the tags of a test are shared with others, so each test gets a Redis database of its own. */
async function isolated(): Promise<RedisConnection> {
  const connection = await connect();
  await connection.run((client) => client.select(1 + (Number(process.env.JEST_WORKER_ID ?? 1) % 15)));
  await connection.run((client) => client.flushDb());
  await connection.run((client) => renewEpoch(client, VERSION_LIFETIME));
  return connection;
}

describeLedger('RedisLedger', async () => {
  const connection = await isolated();
  const intentLifetime = 200;
  const ledger = new RedisLedger(connection, { intentLifetime, versionLifetime: VERSION_LIFETIME });
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

  beforeEach(async () => {
    connection = await isolated();
    ledger = new RedisLedger(connection, { intentLifetime: 1_000, versionLifetime: VERSION_LIFETIME });
  });

  afterEach(() => connection.close());

  it('keeps every version for a limited time, and no intent of a settled write', async () => {
    await ledger.announce({ id: 'w', tags: ['a'] }, ['a']);
    await ledger.settle('w', [{ tag: 'a' }, { tag: 'b' }]);
    const keys = await connection.run((client) => client.keys('*'));
    expect(keys.sort()).toEqual(['{mes}:version:a', '{mes}:version:b', `{mes}:version:${EPOCH}`]);
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
    const own = commands.filter((line) => line.includes('{mes}:version:c'));
    expect(own).toHaveLength(1);
    expect(own[0]).toContain('"MGET"');
  });
});
