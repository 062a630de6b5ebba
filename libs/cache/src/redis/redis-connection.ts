import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { createClient } from 'redis';
import { whenSlow, withDeadline } from '../flow/deadline.js';
import { VersionStoreUnavailableError } from '../versions/version-store.js';
import { redisScripts } from './redis-scripts.js';

/** How long to wait for a connection, and for the first answer on it, in milliseconds. */
const CONNECT_TIMEOUT = 1_000;

/** How long a connection may be silent before another one takes its place, in milliseconds. */
const SILENCE_TIMEOUT = 1_000;

/** How long it may take to find out whether Redis may be used, in milliseconds. */
const ADMISSION_TIMEOUT = 5_000;

/** An operation is slow that takes longer than this part of its deadline. */
const SLOW = 0.5;

/** For how long all operations have to be slow before Redis is, in milliseconds: one stall makes many of them slow. */
const SLOW_FOR = 1_000;

export type RedisClient = ReturnType<typeof createRedisClient>;

/** Times in milliseconds. */
export interface RedisConnectionOptions {
  readonly url: string;
  /** How long an operation may take. */
  readonly deadline: number;
  /** How soon to try again after a failure. */
  readonly retryInterval: number;
  /** Makes the client of each new connection; by default a client of the `redis` package for `url`. */
  readonly createClient?: () => RedisClient;
}

/**
 * A way to Redis that never makes a request wait: every operation has a deadline, nothing is queued while Redis is away, and
 * after the first operation without an answer the following ones are refused at once, until Redis has answered again,
 * quickly, and was admitted. A connection that says nothing is replaced: the server may be gone without a word.
 */
export class RedisConnection {
  /** Sends its commands over the connection that there is at the time. */
  readonly client: RedisClient;
  private readonly logger = new Logger(RedisConnection.name);
  private readonly createClient: () => RedisClient;
  private current: RedisClient | undefined;
  private trusted = false;
  private closed = false;
  private slowSince: number | undefined;
  /** Aborted when Redis, which is being admitted or trusted, is to be admitted again. */
  private distrusted = new AbortController();
  private lastComplaint = '';

  constructor(private readonly options: RedisConnectionOptions) {
    this.createClient = options.createClient ?? (() => createRedisClient(options.url));
    this.client = this.delegate();
  }

  /** Whether operations are tried at all. */
  get available(): boolean {
    return this.trusted;
  }

  /**
   * Connects, and goes on trying. Resolves once Redis is trusted, or after the first failure, or soon anyway.
   *
   * @param admit asked on each new connection, and each time before Redis is trusted again; rejects if it must not be
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

  /** Has Redis admitted again before it is used. */
  distrust(why: string): void {
    if (this.trusted) this.logger.warn(`Redis is not used (${why}): answers come from the database until it is`);
    this.trusted = false;
    this.distrusted.abort();
  }

  async close(): Promise<void> {
    this.closed = true;
    this.distrusted.abort();
    this.trusted = false;
    await end(this.current);
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
      const client = this.createClient();
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
        this.complain(messageOf(error));
      }
      onOutcome();
      await end(client);
      await delay(this.options.retryInterval, undefined, { ref: false });
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
        // What is distrusted meanwhile is admitted again.
        if ((await this.isAdmitted(client, admit)) && !distrusted.signal.aborted) {
          this.trust();
          onOutcome();
          await aborted(distrusted.signal);
        }
      }
      onOutcome();
      await delay(this.options.retryInterval, undefined, { ref: false });
    }
  }

  private async isAdmitted(client: RedisClient, admit: (client: RedisClient) => Promise<void>): Promise<boolean> {
    try {
      await withDeadline(admit(client), ADMISSION_TIMEOUT);
      return true;
    } catch (error) {
      this.complain(messageOf(error));
      return false;
    }
  }

  private trust(): void {
    this.trusted = true;
    this.slowSince = undefined;
    this.lastComplaint = '';
    this.logger.log('Redis is used: cached answers are trusted from now on');
  }

  /** Says why Redis cannot be used, once for each reason. */
  private complain(why: string): void {
    if (why === this.lastComplaint || this.closed) return;
    this.lastComplaint = why;
    this.logger.warn(`Redis cannot be used: ${why}`);
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

function createRedisClient(url: string) {
  return createClient({
    url,
    scripts: redisScripts,
    disableOfflineQueue: true,
    socket: { connectTimeout: CONNECT_TIMEOUT, reconnectStrategy: false, noDelay: true },
  });
}
