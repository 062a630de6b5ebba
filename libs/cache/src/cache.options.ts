import type { Keyv } from 'keyv';

/** Settings of the cache. All times are in milliseconds, and all numbers are whole. A wait cannot be endless. */
export interface CacheOptions {
  /**
   * Redis for all instances. Without it, and without stores of one's own, everything is in this process.
   *
   * - `redis://user:password@host:port/database` is one Redis;
   * - `redis://user:password@host-a:port,host-b:port` is a Redis Cluster, of which it names some nodes;
   * - `redis-sentinel://user:password@host-a:port,host-b:port/name` is the primary that sentinels know by this name; their own
   *   login follows as `?sentinelUsername=…&sentinelPassword=…`.
   *
   * With `rediss`, all connections use TLS.
   */
  readonly redisUrl?: string | undefined;
  /** What messages call the setting with the URL of Redis, such as the name of a variable. `redisUrl` if left out. */
  readonly redisUrlName?: string | undefined;
  /**
   * Makes the client of each new connection to Redis, in place of `redisUrl`: a client of the `redis` package, version 4, for
   * the primary that is to be used at that time, made within a second. It must pass on the given options, which hold scripts
   * and limits. `clusterClient` and `sentinelClient` do this for a Redis Cluster and for Sentinel.
   */
  readonly createRedisClient?: ((options: object) => object | Promise<object>) | undefined;
  /** A store of one's own for the entries of all instances. Goes with a version store of one's own. */
  readonly entryStore?: Keyv | undefined;
  /** A clock that never goes back, for the version store in this process. */
  readonly now?: (() => number) | undefined;
  /**
   * Names the data that responses are made of. Keys of different names never meet, so that two installations may share a
   * Redis, and a Redis that outlives its database is not believed.
   */
  readonly namespace: string;
  /** The name of the cache in `Cache-Status` headers (RFC 9211). */
  readonly cacheName: string;
  /**
   * What responses look like, by a digest of the code that makes them. Instances of different builds share a Redis, but no
   * entries. See `responseShape()`.
   */
  readonly shape: string;
  /**
   * How long an entry is kept. It may be long, since an invalid entry is never used, whatever its age. A store of one's own
   * keeps entries as long as it says itself.
   */
  readonly entryLifetime: number;
  /** How long a version is kept. Must be longer than entries live. Losing a version is safe and costs a load. */
  readonly versionLifetime: number;
  /** How long a write may be pending. Must be longer than the source lets a transaction wait and run. */
  readonly pendingWriteLifetime: number;
  /** Time limit of one operation on Redis, after which the request does without. */
  readonly deadline: number;
  /** How long a process may load a response while the others wait for the stored one. */
  readonly leaseLifetime: number;
  /** How long to wait for a response that another process loads, before loading it as well. */
  readonly leaseWaitTimeout: number;
  /** Loads that this process runs at the same time for readers. Fewer than database connections leave some to writers. */
  readonly maxLoads: number;
  /** Loads that wait for their turn. Further ones are refused at once. */
  readonly maxWaitingLoads: number;
  /** How long a load may wait for its turn. */
  readonly loadQueueTimeout: number;
  /** Time limit of a load. Longer than the source's own limits. */
  readonly loadTimeout: number;
  /** How long a write waits for what is refreshed on write, before it only invalidates. */
  readonly refreshTimeout: number;
  /** How long a load waits for pending writes that it may show, before it invalidates their tags itself. */
  readonly pendingWriteTimeout: number;
  /** How often to look for expired writes and, while Redis is away, for Redis. */
  readonly sweepInterval: number;
  /**
   * Time between two inspections, each of which compares a hit with the source and loads twice at most. 0 for none. Must not
   * be used if responses change without a write, unless `comparable` of {@link KeyAndTags} takes out what does.
   */
  readonly inspectionInterval: number;
  /** Bound of the memory of the entries in this process, in bytes. */
  readonly l1MaxBytes: number;
  /** Headers of every response of the application, by their names in lower case. The fast path adds them itself. */
  readonly commonHeaders?: Readonly<Record<string, string>> | undefined;
  /** A header, by its name in lower case, in which the fast path returns the id of the request. */
  readonly requestIdHeader?: string | undefined;
  /**
   * Whether a failed transaction was rolled back for certain. Any other failure may have been committed, so its tags are
   * invalidated, and the next load of them waits for `pendingWriteTimeout`.
   */
  readonly isRolledBack: (error: unknown) => boolean;
  /**
   * Whether an error of a load is what the source answers, such as that there is no such thing. To an inspection, it differs from
   * every cached response; any other error proves nothing.
   */
  readonly isAnswer: (error: unknown) => boolean;
}

/** Settings that suit most applications. */
export const CACHE_DEFAULTS = {
  namespace: 'cache',
  cacheName: 'cache',
  shape: 'any',
  entryLifetime: 60 * 60_000,
  versionLifetime: 24 * 60 * 60_000,
  pendingWriteLifetime: 15_000,
  deadline: 50,
  leaseLifetime: 1_000,
  leaseWaitTimeout: 250,
  maxLoads: 8,
  maxWaitingLoads: 200,
  loadQueueTimeout: 5_000,
  loadTimeout: 15_000,
  refreshTimeout: 1_000,
  pendingWriteTimeout: 250,
  sweepInterval: 1_000,
  inspectionInterval: 0,
  l1MaxBytes: 64 * 1024 * 1024,
  isRolledBack: () => false,
  isAnswer: () => false,
} satisfies CacheOptions;

/** Settings of which any may be left out or undefined. */
export type Given<Settings> = { readonly [Name in keyof Settings]?: Settings[Name] | undefined };

/** The longest time that Node's timers can wait, in milliseconds. They take a longer one for none. */
const LONGEST_WAIT = 2 ** 31 - 1;

/** Settings that must not be 0, because nothing would work. For the others, 0 means "not at all" or "at once". */
const NEVER_0 = /Lifetime$|Bytes$|^(deadline|loadTimeout|maxLoads|sweepInterval)$/;

/**
 * The settings, with the defaults of those that are left out or undefined.
 *
 * @throws {RangeError} if a number is none that can be used
 */
export function withDefaults(given: Given<CacheOptions>): CacheOptions {
  const settings = Object.entries<unknown>(given).filter(([, value]) => value !== undefined);
  for (const [name, value] of settings) {
    const greatest = /Lifetime$|Bytes$/.test(name) ? Number.MAX_SAFE_INTEGER : LONGEST_WAIT;
    const least = NEVER_0.test(name) ? 1 : 0;
    const isNumber = typeof (CACHE_DEFAULTS as Readonly<Record<string, unknown>>)[name] === 'number';
    if (isNumber && !(Number.isInteger(value) && Number(value) >= least && Number(value) <= greatest)) {
      throw new RangeError(`${name} must be a whole number from ${least} to ${greatest}, and is ${String(value)}`);
    }
  }
  return { ...CACHE_DEFAULTS, ...(Object.fromEntries(settings) as Partial<CacheOptions>) };
}

/** Injection token of {@link CacheOptions}. */
export const CACHE_OPTIONS = Symbol('CACHE_OPTIONS');
