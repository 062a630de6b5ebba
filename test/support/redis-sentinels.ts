import { eventually } from './eventually.js';
import { redisCommand } from './redis-command.js';
import { RedisServer } from './redis-server.js';

const NAME = 'orders';
const QUORUM = 2;
const PASSWORD = 'the password of the data';
const SENTINEL_PASSWORD = 'the password of the sentinels';

/** A real Redis with a replica, which three sentinels watch. Servers and sentinels have different passwords. */
export class RedisSentinels {
  readonly name = NAME;
  readonly sentinelPassword = SENTINEL_PASSWORD;

  private constructor(private readonly servers: RedisServer[]) {}

  /** Starts the servers and waits until every sentinel knows all others. */
  static async start(): Promise<RedisSentinels> {
    const servers: RedisServer[] = [];
    const all = new RedisSentinels(servers);
    try {
      const args = ['--requirepass', PASSWORD, '--masterauth', PASSWORD];
      const primary = await RedisServer.start({ args });
      servers.push(primary);
      const replicaOf = ['--replicaof', '127.0.0.1', String(primary.port), '--repl-diskless-sync-delay', '0'];
      servers.push(await RedisServer.start({ args: [...args, ...replicaOf] }));
      for (let i = 0; i < 3; i += 1)
        servers.push(await RedisServer.start({ args: ['--sentinel'], config: configFor(primary) }));
      await Promise.all(all.sentinels.map(knowsAll));
      return all;
    } catch (error) {
      await all.stop();
      throw error;
    }
  }

  /** The primary, by way of the sentinels. */
  get url(): string {
    const hosts = this.addresses.map(({ host, port }) => `${host}:${port}`).join();
    const [password, own] = [PASSWORD, SENTINEL_PASSWORD].map(encodeURIComponent);
    return `redis-sentinel://:${password}@${hosts}/${NAME}?sentinelPassword=${own}`;
  }

  get addresses(): { readonly host: string; readonly port: number }[] {
    return this.sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
  }

  async sendToSentinels(...words: readonly string[]): Promise<void> {
    await Promise.all(this.sentinels.map(({ url }) => redisCommand({ url, password: SENTINEL_PASSWORD }, ...words)));
  }

  /** Ends the primary with SIGKILL, and waits for its replica to be promoted, which happens after `meanwhile`. */
  async failOver(meanwhile: () => Promise<void>): Promise<void> {
    const [primary, replica] = this.servers;
    replica?.pause();
    await primary?.kill();
    await meanwhile();
    replica?.resume();
    // When Sentinel promotes a replica, it breaks the connections of all clients.
    const role = async (server: RedisServer): Promise<string | undefined> =>
      (await ask<string[]>(server, 'ROLE').catch(() => []))[0];
    if (replica) await eventually(async () => (await role(replica)) === 'master');
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  private get sentinels(): readonly RedisServer[] {
    return this.servers.slice(2);
  }
}

function ask<T>({ url }: RedisServer, ...words: readonly string[]): Promise<T> {
  return redisCommand<T>({ url, password: PASSWORD }, ...words);
}

function configFor(primary: RedisServer): string {
  return `
    requirepass "${SENTINEL_PASSWORD}"
    sentinel sentinel-pass "${SENTINEL_PASSWORD}"
    sentinel monitor ${NAME} 127.0.0.1 ${primary.port} ${QUORUM}
    sentinel auth-pass ${NAME} "${PASSWORD}"
    sentinel down-after-milliseconds ${NAME} 4000
    sentinel failover-timeout ${NAME} 2000
  `;
}

/** Waits until a sentinel knows the replica, whose link works, and the two other sentinels. */
async function knowsAll({ url }: RedisServer): Promise<void> {
  await eventually(async () => {
    const about = (what: string): Promise<string[][]> =>
      redisCommand<string[][]>({ url, password: SENTINEL_PASSWORD }, 'SENTINEL', what, NAME);
    const [replicas, others] = [await about('REPLICAS'), await about('SENTINELS')];
    return replicas.length === 1 && replicas[0]?.includes('ok') && others.length === 2;
  });
}
