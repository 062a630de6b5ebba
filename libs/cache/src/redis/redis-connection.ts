import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { createClient, type RedisClientType, type RedisFunctions, type RedisModules } from 'redis';
import { whenSlow, withDeadline } from '../flow/deadline.js';
import { VersionStoreUnavailableError } from '../versions/version-store.js';
import { redisScripts } from './redis-scripts.js';

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

/** Redis is slow when all operations were slow for this long, in milliseconds. A single stall makes many of them slow. */
const SLOW_FOR = 1_000;

/** What every client needs: scripts and limits. */
const CLIENT_OPTIONS = {
  scripts: redisScripts,
  disableOfflineQueue: true,
  socket: { connectTimeout: CONNECT_TIMEOUT, reconnectStrategy: false, noDelay: true },
} as const;

/** A client of the `redis` package with the scripts of the version store. */
export type RedisClient = RedisClientType<RedisModules, RedisFunctions, typeof redisScripts>;

/** Times in milliseconds. */
export interface RedisConnectionOptions {
  readonly redisUrl?: string | undefined;
  /** Makes the client of each new connection, in place of `redisUrl`. */
  readonly createRedisClient?: ((options: object) => object | Promise<object>) | undefined;
  /** Time limit of an operation. */
  readonly deadline: number;
  /** Bounds the time until the next attempt after a failure. */
  readonly sweepInterval: number;
}

/**
 * A way to Redis that never makes a request wait. Every operation has a deadline, and nothing is queued while Redis is away.
 * After the first operation without an answer, the next ones are refused at once, until Redis has answered quickly again and
 * was admitted. A silent connection is replaced, since the server may be gone without a word.
 */
export class RedisConnection {
  /** Sends its commands over the present connection. */
  readonly client: RedisClient;
  private readonly logger = new Logger(RedisConnection.name);
  private current: RedisClient | undefined;
  private trusted = false;
  private closed = false;
  private slowSince: number | undefined;
  /** Aborted when Redis must be admitted again. */
  private distrusted = new AbortController();
  private lastWarning = '';

  constructor(private readonly options: RedisConnectionOptions) {
    this.client = this.delegate();
  }

  /** Whether operations are tried. */
  get available(): boolean {
    return this.trusted;
  }

  /**
   * Connects, and goes on trying. Resolves once Redis is trusted, or after the first failure, or soon anyway.
   *
   * @param admit is asked each time before Redis is trusted; rejects if it must not be
   */
  async open(admit: (client: RedisClient) => Promise<void>): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, CONNECT_TIMEOUT + SILENCE_TIMEOUT);
      void this.stayConnected(admit, () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** @throws {VersionStoreUnavailableError} when Redis is away, refuses, or takes longer than the deadline */
  async run<T>(operation: (client: RedisClient) => Promise<T>): Promise<T> {
    if (!this.trusted || !this.current) throw new VersionStoreUnavailableError('redis-away');
    try {
      return await this.watch(operation(this.current));
    } catch (error) {
      this.distrust(messageOf(error));
      throw new VersionStoreUnavailableError('redis-failed', { cause: error });
    }
  }

  /** Stops using Redis until it has been admitted again. */
  distrust(reason: string): void {
    if (this.trusted) this.logger.warn(`Redis is not used (${reason}): answers come from the database until it is`);
    this.trusted = false;
    this.distrusted.abort();
  }

  async close(): Promise<void> {
    this.closed = true;
    this.distrusted.abort();
    this.trusted = false;
    await end(this.current);
  }

  private async createClient(): Promise<RedisClient | undefined> {
    const { createRedisClient: create, redisUrl } = this.options;
    if (!create) return createRedisClient(redisUrl);
    try {
      return (await withDeadline(Promise.resolve(create(CLIENT_OPTIONS)), CONNECT_TIMEOUT)) as RedisClient;
    } catch (error) {
      this.warn(messageOf(error));
      await this.pause();
      return undefined;
    }
  }

  private async pause(): Promise<void> {
    await delay(Math.min(MAX_PAUSE, this.options.sweepInterval), undefined, { ref: false });
  }

  private isClosed(): boolean {
    return this.closed;
  }

  private async watch<T>(operation: Promise<T>): Promise<T> {
    const began = performance.now();
    let slow = 0;
    whenSlow(operation, this.options.deadline * SLOW, () => (slow = 1));
    const result = await withDeadline(operation, this.options.deadline);
    this.slowSince = slow > 0 ? (this.slowSince ?? began) : undefined;
    if (this.slowSince !== undefined && performance.now() - this.slowSince >= SLOW_FOR) this.distrust('it is slow');
    return result;
  }

  private async stayConnected(admit: (client: RedisClient) => Promise<void>, onOutcome: () => void): Promise<void> {
    while (!this.isClosed()) {
      const client = await this.createClient();
      if (!client) continue;
      this.current = client;
      const broken = new Promise<never>((_, reject) => {
        client.on('error', reject);
        client.on('end', () => {
          reject(new Error('the connection ended'));
        });
      });
      broken.catch((error: unknown) => {
        if (this.current === client) this.distrust(messageOf(error));
      });
      try {
        await withDeadline(Promise.race([client.connect(), broken]), CONNECT_TIMEOUT);
        await Promise.race([broken, this.useWhileItAnswers(client, admit, onOutcome)]);
      } catch (error) {
        this.distrust(messageOf(error));
        this.warn(messageOf(error));
      }
      onOutcome();
      await end(client);
      await this.pause();
    }
  }

  /** Rejects when the connection is silent. */
  private async useWhileItAnswers(
    client: RedisClient,
    admit: (client: RedisClient) => Promise<void>,
    onOutcome: () => void,
  ): Promise<void> {
    while (!this.isClosed()) {
      const asked = performance.now();
      await withDeadline(client.ping(), Math.max(SILENCE_TIMEOUT, this.options.deadline));
      if (performance.now() - asked <= this.options.deadline * SLOW) {
        const distrusted = new AbortController();
        this.distrusted = distrusted;
        // If it is distrusted meanwhile, it is admitted again.
        if ((await this.isAdmitted(client, admit)) && !distrusted.signal.aborted) {
          this.trust();
          onOutcome();
          await aborted(distrusted.signal);
        }
      }
      onOutcome();
      await this.pause();
    }
  }

  private async isAdmitted(client: RedisClient, admit: (client: RedisClient) => Promise<void>): Promise<boolean> {
    try {
      await withDeadline(admit(client), ADMISSION_TIMEOUT);
      return true;
    } catch (error) {
      this.warn(messageOf(error));
      return false;
    }
  }

  private trust(): void {
    this.trusted = true;
    this.slowSince = undefined;
    this.lastWarning = '';
    this.logger.log('Redis is used: cached answers are trusted from now on');
  }

  /** Logs why Redis cannot be used, once for each reason. */
  private warn(reason: string): void {
    if (reason === this.lastWarning || this.closed) return;
    this.lastWarning = reason;
    this.logger.warn(`Redis cannot be used: ${reason}`);
  }

  private delegate(): RedisClient {
    return new Proxy({} as RedisClient, {
      get: (_, name) => {
        const member: unknown = Reflect.get(this.current ?? {}, name);
        return typeof member === 'function' ? (member.bind(this.current) as unknown) : member;
      },
    });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else
      signal.addEventListener('abort', () => {
        resolve();
      });
  });
}

async function end(client: RedisClient | undefined): Promise<void> {
  try {
    if (client?.isOpen) await client.disconnect();
  } catch {
    // It has ended by itself meanwhile.
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}

function createRedisClient(redisUrl: string | undefined): RedisClient {
  return createClient({ ...(redisUrl === undefined ? {} : { url: redisUrl }), ...CLIENT_OPTIONS });
}
