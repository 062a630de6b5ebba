import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { RedisClientType, RedisFunctions, RedisModules } from 'redis';
import { CacheEvents, type RedisOperation } from '../cache.events.js';
import type { CacheOptions } from '../cache.options.js';
import type { CacheTracer } from '../cache.tracer.js';
import { whenSlow, withDeadline } from '../flow/deadline.js';
import { TroubleLogger } from '../flow/reminder.js';
import { describeProblem, type StoreProblem } from '../versions/store-problem.js';
import { VersionStoreUnavailableError } from '../versions/version-store.js';
import { assertInStep, breakWhereUnreadable } from './expected-replies.js';
import { problemOf } from './redis-problem.js';
import { redisScripts } from './redis-scripts.js';
import type { CreateRedisClient } from './redis-topologies.js';
import { clientOfUrl } from './redis-url.js';
import { tracedClient } from './traced-client.js';

/** Time limit of a connection attempt, in milliseconds. */
const CONNECT_TIMEOUT = 1_000;

/** How long a connection may be silent before it is replaced, in milliseconds. */
const SILENCE_TIMEOUT = 1_000;

/** The longest pause before the next attempt, in milliseconds. */
const MAX_PAUSE = 100;

/** Time limit of an admission, in milliseconds. */
const ADMISSION_TIMEOUT = 5_000;

/** An operation that takes longer than this fraction of its deadline is slow. */
const SLOW = 0.5;

/**
 * Redis is slow when all operations were slow for this long, in milliseconds, after the first slow one was answered. A single
 * stall makes many of them slow, but answers them all at once.
 */
const SLOW_FOR = 1_000;

const SLOWNESS: StoreProblem = {
  kind: 'slow',
  message: 'Redis answers too slowly: look at its load and at the network, or allow more time for an operation',
};

/** What every client needs: scripts and limits. A client may write its address into the options of the socket. */
const clientOptions = () =>
  ({
    scripts: redisScripts,
    disableOfflineQueue: true,
    socket: {
      connectTimeout: CONNECT_TIMEOUT,
      reconnectStrategy: false,
      noDelay: true,
      onread: breakWhereUnreadable(),
    },
  }) as const;

/** A client of the `redis` package with the scripts of the version store. */
export type RedisClient = RedisClientType<RedisModules, RedisFunctions, typeof redisScripts>;

/**
 * Resolves if a Redis may be trusted, and rejects if not.
 *
 * @param takeInvalidations is called once it is known to be the store that all use. From then on, it is told of invalidations.
 */
type Admit = (client: RedisClient, takeInvalidations: () => void) => Promise<void>;

export type RedisConnectionOptions = Pick<
  CacheOptions,
  'redisUrl' | 'redisUrlName' | 'createRedisClient' | 'namespace' | 'deadline' | 'sweepInterval'
>;

/**
 * Access to the Redis of the cache, for other parts of the application. The provider is null without Redis. Keys that begin
 * with `{namespace}`, in braces, lie where the keys of the cache lie in a Redis Cluster.
 *
 * @publicApi
 */
export abstract class RedisAccess {
  /**
   * @param name what Redis is asked for, in events; `other` for what is not the cache's own
   * @throws {VersionStoreUnavailableError} when Redis is away, refuses, or takes longer than the deadline
   */
  abstract run<T>(name: RedisOperation, operation: (client: RedisClient) => Promise<T>): Promise<T>;
}

/**
 * A way to Redis that never makes a request wait. Every operation has a deadline, and nothing is queued while Redis is away.
 * After the first operation without an answer, the next ones are refused at once, until Redis has answered quickly again and
 * was admitted. A connection that is silent or not admitted is replaced: the server may be gone without a word.
 */
export class RedisConnection implements RedisAccess {
  /** Whether all operations are tried. */
  available = false;
  /**
   * Whether invalidations are tried. An admission allows them a moment before it ends. It makes up for each one that was not tried, so
   * under many writes it would not end.
   */
  takesInvalidations = false;
  /** Sends its commands over the present connection. */
  readonly client = new Proxy({} as RedisClient, {
    get: (_, name) => {
      const member: unknown = Reflect.get(this.current ?? {}, name);
      return typeof member === 'function' ? (member.bind(this.current) as unknown) : member;
    },
  });
  private readonly logger = new TroubleLogger(RedisConnection.name);
  private readonly createClient: CreateRedisClient;
  /** What messages call the setting with the address. */
  private readonly setting: string;
  private current: RedisClient | undefined;
  private isClosed = false;
  private isConnected = false;
  private slowSince: number | undefined;
  /** Aborted when Redis must be admitted again. */
  private distrusted = new AbortController();
  private lastProblem: StoreProblem = { kind: 'revalidating', message: 'Redis has not been asked yet' };
  /** Whether the end of the last problem is worth a line, because its begin was. */
  private endIsNews = true;

  /** @throws Error if the URL cannot be used */
  constructor(
    private readonly options: RedisConnectionOptions,
    private readonly events = new CacheEvents(),
    private readonly tracer?: CacheTracer,
  ) {
    const { redisUrl = '', redisUrlName = 'redisUrl', createRedisClient, namespace } = options;
    this.setting = createRedisClient ? 'createRedisClient' : redisUrlName;
    this.createClient = createRedisClient ?? clientOfUrl(redisUrl, redisUrlName, namespace);
  }

  /** Why operations are not tried; undefined while they are. */
  get problem(): StoreProblem | undefined {
    return this.available ? undefined : this.lastProblem;
  }

  /** Connects, and reconnects until it is closed. Resolves once Redis is trusted, after the first failure, or after a time limit. */
  async open(admit: Admit): Promise<void> {
    await new Promise<void>((resolve) => {
      setTimeout(resolve, CONNECT_TIMEOUT + SILENCE_TIMEOUT).unref();
      void this.stayConnected(admit, resolve);
    });
  }

  async run<T>(
    name: RedisOperation,
    operation: (client: RedisClient) => Promise<T>,
    { isInvalidation = false } = {},
  ): Promise<T> {
    const { current } = this;
    const isTried = isInvalidation ? this.takesInvalidations : this.available;
    if (!isTried || !current) throw new VersionStoreUnavailableError('redis-away');
    const began = performance.now();
    let failed = true;
    try {
      const result = await this.watch(operation(current));
      // It may be the reply to another command, if what arrived with it has broken the connection.
      if (!current.isOpen) throw new Error('the connection ended');
      failed = false;
      return result;
    } catch (error) {
      this.distrust(this.explain(error));
      throw new VersionStoreUnavailableError('redis-failed', { cause: error });
    } finally {
      this.events.emit({ type: 'operation', name, milliseconds: performance.now() - began, failed });
    }
  }

  /** Stops using Redis until it has been admitted again. */
  distrust(problem: StoreProblem): void {
    if (this.available) this.note(problem);
    this.available = this.takesInvalidations = false;
    this.distrusted.abort();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.available = this.takesInvalidations = false;
    this.distrusted.abort();
    await end(this.current);
  }

  private async watch<T>(operation: Promise<T>): Promise<T> {
    let slow = 0;
    whenSlow(operation, this.options.deadline * SLOW, () => (slow = 1));
    const result = await withDeadline(operation, this.options.deadline);
    const now = performance.now();
    this.slowSince = slow > 0 ? (this.slowSince ?? now) : undefined;
    if (this.slowSince !== undefined && now - this.slowSince >= SLOW_FOR) this.distrust(SLOWNESS);
    return result;
  }

  private async stayConnected(admit: Admit, onOutcome: () => void): Promise<void> {
    while (!this.isClosed) {
      try {
        await this.useConnection(admit, onOutcome);
      } catch (error) {
        const problem = this.explain(error);
        this.distrust(problem);
        this.note(problem);
      }
      onOutcome();
      await end(this.current);
      await this.pause();
    }
  }

  /** Rejects when the connection breaks or is silent, or when its server is not admitted. */
  private async useConnection(admit: Admit, onOutcome: () => void): Promise<void> {
    this.isConnected = false;
    const client = await withDeadline(Promise.resolve(this.createClient(clientOptions())), CONNECT_TIMEOUT);
    const current = this.tracer ? tracedClient(client as RedisClient, this.tracer) : (client as RedisClient);
    this.current = current;
    const broken = new Promise<never>((_, reject) => {
      current.on('error', reject);
      current.on('end', () => {
        reject(new Error('the connection ended'));
      });
    });
    // It may also break while nothing waits for it.
    broken.catch(() => undefined);
    await withDeadline(Promise.race([broken, current.connect()]), CONNECT_TIMEOUT);
    this.isConnected = true;
    await Promise.race([broken, this.useWhileItAnswers(current, admit, onOutcome)]);
  }

  private async useWhileItAnswers(client: RedisClient, admit: Admit, onOutcome: () => void): Promise<void> {
    while (!this.isClosed) {
      const asked = performance.now();
      await withDeadline(assertInStep(client), Math.max(SILENCE_TIMEOUT, this.options.deadline));
      if (performance.now() - asked > this.options.deadline * SLOW) {
        this.note(SLOWNESS);
      } else {
        const { signal } = (this.distrusted = new AbortController());
        const takeInvalidations = (): void => {
          if (!signal.aborted) this.takesInvalidations = true;
        };
        await withDeadline(admit(client, takeInvalidations), ADMISSION_TIMEOUT);
        // If Redis was distrusted meanwhile, it needs another admission.
        if (!signal.aborted) {
          this.trust();
          onOutcome();
          await once(signal, 'abort');
        }
      }
      onOutcome();
      await this.pause();
    }
  }

  private trust(): void {
    this.available = this.takesInvalidations = true;
    this.slowSince = undefined;
    if (this.endIsNews) this.logger.log('Redis is used: cached responses are trusted from now on');
    this.endIsNews = false;
  }

  /** Notes why Redis is not used, and logs it from time to time. */
  private note(problem: StoreProblem): void {
    this.lastProblem = problem;
    // Not by the detail, in which Redis may quote what differs each time.
    const line = `Redis is not used, and responses come from the database: ${describeProblem(problem)}`;
    if (!this.isClosed && this.logger.trouble(line, `${problem.kind}: ${problem.message}`)) this.endIsNews = true;
  }

  private explain(error: unknown): StoreProblem {
    return problemOf(error, {
      setting: this.setting,
      usesTls: this.options.redisUrl?.startsWith('rediss') === true,
      isCluster: /^rediss?:.*,/.test(this.options.redisUrl ?? ''),
      isConnected: this.isConnected,
    });
  }

  private async pause(): Promise<void> {
    await delay(Math.min(MAX_PAUSE, this.options.sweepInterval), undefined, { ref: false });
  }
}

async function end(client: RedisClient | undefined): Promise<void> {
  try {
    if (client?.isOpen) await client.disconnect();
  } catch {
    // It has ended by itself meanwhile.
  }
}
