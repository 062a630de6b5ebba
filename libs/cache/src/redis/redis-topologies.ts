import { createClient, type RedisClientOptions } from 'redis';
import type { CacheOptions } from '../cache.options.js';
import { withDeadline } from '../flow/deadline.js';
import { assertInStep } from './expected-replies.js';

/** Time limit of a lookup, in milliseconds. It is shorter than what a new connection may take. */
const LOOKUP_TIMEOUT = 800;

/** What `createRedisClient` is set to. */
export type CreateRedisClient = NonNullable<CacheOptions['createRedisClient']>;

type Client = ReturnType<typeof createClient>;

/** What a sentinel answers, or why it does not. The message says so: from Redis, the same reply means something else. */
class SentinelError extends Error {
  override readonly name = 'SentinelError';
  readonly code: unknown;

  constructor(override readonly cause: Error & { readonly code?: unknown }) {
    super(`sentinel: ${cause.message}`);
    this.code = cause.code;
  }
}

/** Where a server listens. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** The client of one Redis. */
export function standaloneClient(address: RedisAddress, client?: RedisClientOptions): CreateRedisClient {
  return (options) => clientAt(address, options, client);
}

/**
 * For `createRedisClient`: the client of a Redis Cluster. All keys of a namespace lie in one slot, so it is a client of the
 * node that owns this slot. The owner is looked up for each new connection.
 *
 * @param nodes of the cluster; each knows all others
 * @param namespace of the cache, the same as in its settings
 * @param client options of the `redis` package for all nodes, such as `password` or `socket: { tls: true }`
 *
 * @publicApi
 */
export function clusterClient({
  nodes,
  namespace,
  client,
}: {
  readonly nodes: readonly RedisAddress[];
  readonly namespace: string;
  readonly client?: RedisClientOptions | undefined;
}): CreateRedisClient {
  return lookUp(nodes, client, client, async (node, { host }) => {
    const slot = await node.clusterKeySlot(`{${namespace}}`);
    const range = (await node.clusterSlots()).find(({ from, to }) => from <= slot && slot <= to);
    if (!range) throw new Error(`no node of the cluster owns slot ${slot}`);
    // A cluster whose nodes are all behind one host leaves the host out.
    return { host: range.master.ip || host, port: range.master.port };
  });
}

/**
 * For `createRedisClient`: the client of the primary that Sentinel has chosen. It is looked up for each new connection.
 *
 * @param sentinels that watch the primary
 * @param name of the primary, as the sentinels know it
 * @param sentinel options of the `redis` package for the sentinels, which have passwords of their own
 * @param client options of the `redis` package for the primary, such as `password` or `socket: { tls: true }`
 *
 * @publicApi
 */
export function sentinelClient({
  sentinels,
  name,
  sentinel,
  client,
}: {
  readonly sentinels: readonly RedisAddress[];
  readonly name: string;
  readonly sentinel?: RedisClientOptions | undefined;
  readonly client?: RedisClientOptions | undefined;
}): CreateRedisClient {
  const ask = lookUp(sentinels, sentinel, client, async (asked) => {
    const address = await asked.sendCommand<[string, string] | null>(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name]);
    if (!address) throw new Error(`no primary has the name ${name}`);
    return { host: address[0], port: Number(address[1]) };
  });
  return async (options) => {
    try {
      return await ask(options);
    } catch (error) {
      throw new SentinelError(error as Error);
    }
  };
}

/** Asks the servers in turn. One that is dead or outdated delays one attempt only. */
function lookUp(
  servers: readonly RedisAddress[],
  askedBy: RedisClientOptions | undefined,
  client: RedisClientOptions | undefined,
  question: (client: Client, address: RedisAddress) => Promise<RedisAddress>,
): CreateRedisClient {
  let turn = 0;
  return async (options) => {
    const address = servers[turn++ % servers.length];
    if (!address) throw new Error('there is no server to ask where the primary is');
    // The time limit cannot end an attempt to connect, so the attempt must have ended before.
    const limited = { ...askedBy, socket: { ...askedBy?.socket, connectTimeout: LOOKUP_TIMEOUT / 2 } };
    const asking = clientAt(address, options, limited);
    const broken = new Promise<never>((_, reject) => asking.on('error', reject));
    const found = asking
      .connect()
      .then(() => assertInStep(asking))
      .then(() => question(asking, address));
    const primary = await withDeadline(Promise.race([broken, found]), LOOKUP_TIMEOUT).finally(
      () => asking.isOpen && asking.disconnect(),
    );
    return clientAt(primary, options, client);
  };
}

function clientAt(address: RedisAddress, given: RedisClientOptions, own?: RedisClientOptions): Client {
  // The package writes the address of the URL into the options of the socket, so each client has its own, and no URL.
  const socket = { ...given.socket, ...own?.socket, ...address } as RedisClientOptions['socket'];
  return createClient({ ...given, ...own, url: undefined, socket });
}
