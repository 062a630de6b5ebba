import type { RedisClientOptions } from 'redis';
import {
  clusterClient,
  sentinelClient,
  standaloneClient,
  type CreateRedisClient,
  type RedisAddress,
} from './redis-topologies.js';

/** Which characters end a user name or a password unless they are encoded. */
const HOW_TO_ENCODE = 'in the user name and the password, # / ? @ and % must be written as %23 %2F %3F %40 and %25';

const REDIS_PORT = 6379;
const SENTINEL_PORT = 26_379;
const SENTINEL_PARAMETERS = ['sentinelUsername', 'sentinelPassword'];

/** What a URL says about a Redis, a Redis Cluster, or the sentinels of a Redis. */
interface RedisLocation {
  readonly addresses: readonly RedisAddress[];
  /** The name that the sentinels know the primary by; undefined if the URL names no sentinels. */
  readonly primary: string | undefined;
  /** How to sign in at Redis. */
  readonly client: RedisClientOptions;
  /** How to sign in at the sentinels, which have users of their own. */
  readonly sentinel: RedisClientOptions;
}

/** A URL of Redis cannot be used. The message is the end of a sentence about the setting, and leaves out the URL. */
class RedisUrlError extends Error {
  override readonly name = 'RedisUrlError';
}

/**
 * What is wrong with a URL of Redis, as the end of a sentence about the setting that has it. It leaves out the URL, which may
 * hold a password.
 *
 * @returns undefined if nothing is wrong
 *
 * @publicApi
 */
export function redisUrlComplaint(text: string): string | undefined {
  try {
    parse(text);
    return undefined;
  } catch (error) {
    if (error instanceof RedisUrlError) return error.message;
    throw error;
  }
}

/**
 * Makes the clients of a URL: for one Redis, for a Redis Cluster if there are several hosts, or by way of sentinels.
 *
 * @param setting that has the URL, for messages
 * @param namespace of the cache, whose slot lies on one node of a cluster
 * @throws Error if the URL cannot be used
 */
export function clientOfUrl(url: string, setting: string, namespace: string): CreateRedisClient {
  const complaint = redisUrlComplaint(url);
  if (complaint !== undefined) throw new Error(`${setting} ${complaint}`);
  const { addresses, primary, client, sentinel } = parse(url);
  if (primary !== undefined) return sentinelClient({ sentinels: addresses, name: primary, sentinel, client });
  const [only, ...others] = addresses;
  return only && others.length === 0
    ? standaloneClient(only, client)
    : clusterClient({ nodes: addresses, namespace, client });
}

/** @throws {RedisUrlError} */
function parse(text: string): RedisLocation {
  const [, scheme = '', sentinels, authority = '', rest = ''] =
    /^(rediss?)(-sentinel)?:\/\/([^/?#\s]+)(\S*)$/.exec(text) ?? [];
  if (scheme === '') throw new RedisUrlError('must be a redis:// or rediss:// URL, or one of sentinels');
  const hosts = authority.lastIndexOf('@') + 1;
  const urls = authority
    .slice(hosts)
    .split(',')
    .map((host) => readUrl(`${scheme}://${authority.slice(0, hosts)}${host}${rest}`));
  const [url = readUrl('')] = urls;
  const defaultPort = sentinels ? SENTINEL_PORT : REDIS_PORT;
  const tls = scheme === 'rediss' ? { socket: { tls: true } } : {};
  const { primary, database } = sentinels ? pathOfSentinels(url) : pathOfRedis(url, urls.length);
  return {
    addresses: urls.map(({ hostname, port }) => ({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port || defaultPort),
    })),
    primary,
    client: { ...tls, ...login(url.username, url.password), ...(database !== undefined && { database }) },
    sentinel: { ...tls, ...loginOfSentinels(url, sentinels ? SENTINEL_PARAMETERS : []) },
  };
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url?.hostname) throw new RedisUrlError(`is not a URL that can be read; ${HOW_TO_ENCODE}`);
  return url;
}

function pathOfRedis({ pathname }: URL, hosts: number): { readonly primary: undefined; readonly database?: number } {
  const [, database] = /^\/?(\d*)$/.exec(pathname) ?? [];
  if (database === undefined)
    throw new RedisUrlError(`must have nothing but the number of a database after the address; ${HOW_TO_ENCODE}`);
  if (database !== '' && hosts > 1)
    throw new RedisUrlError(
      'must have no number of a database, since several hosts mean a Redis Cluster, which has one only',
    );
  return { primary: undefined, ...(database !== '' && { database: Number(database) }) };
}

function pathOfSentinels({ pathname }: URL): { readonly primary: string; readonly database?: number } {
  const [, primary, database] = /^\/([^/]+)(?:\/(\d+))?$/.exec(pathname) ?? [];
  if (primary === undefined) {
    throw new RedisUrlError(
      'must have the name of the primary after the addresses of the sentinels, such as redis-sentinel://host-a,host-b/mymaster',
    );
  }
  return { primary: decode(primary), ...(database !== undefined && { database: Number(database) }) };
}

function loginOfSentinels({ searchParams, hash }: URL, allowed: readonly string[]): RedisClientOptions {
  if (hash !== '' || [...searchParams.keys()].some((name) => !allowed.includes(name))) {
    const but = allowed.length > 0 ? `, but ?${allowed.join(' and ')}` : '';
    throw new RedisUrlError(`must have no ? or # after the address${but}; ${HOW_TO_ENCODE}`);
  }
  // The parameters are decoded already.
  return login(searchParams.get('sentinelUsername') ?? '', searchParams.get('sentinelPassword') ?? '', (text) => text);
}

function login(username: string, password: string, decoded = decode): RedisClientOptions {
  return {
    ...(username !== '' && { username: decoded(username) }),
    ...(password !== '' && { password: decoded(password) }),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RedisUrlError(`is not a URL that can be read; ${HOW_TO_ENCODE}`);
  }
}
