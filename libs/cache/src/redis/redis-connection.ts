import { Logger } from '@nestjs/common';
import { createClient } from 'redis';
import { whenSlow, withDeadline } from '../flow/deadline.js';
import { LedgerUnavailableError } from '../ledger/ledger.js';
import { redisScripts } from './redis-scripts.js';

/** How long to wait for a connection, in milliseconds. */
const CONNECT_TIMEOUT = 1_000;

/** An operation is slow that takes longer than this part of its deadline. */
const SLOW = 0.5;

/** So many slow operations in a row, without one that is not, are as bad as one that does not end. */
const SLOW_IN_A_ROW = 5;

export type RedisClient = ReturnType<typeof createRedisClient>;

/** Times in milliseconds. */
export interface RedisConnectionOptions {
  readonly url: string;
  /** How long an operation may take. */
  readonly deadline: number;
  /** How soon to try again after a failure. */
  readonly retryInterval: number;
  /**
   * Runs on every new connection, and after every operation that failed, before Redis is trusted again: what happened
   * to the data in the meantime (a restart, a fail-over to a replica that lacks the last writes, writes of our own that
   * did not arrive) cannot be known.
   */
  readonly regain: (client: RedisClient) => Promise<unknown>;
}

/**
 * One connection to Redis that never makes a request wait: every operation has a deadline, nothing is queued while Redis
 * is away, and after the first failure the following operations are refused at once until Redis has answered again, quickly.
 * A server that answers in time, but slowly again and again, is left alone in the same way.
 */
export class RedisConnection {
  readonly client: RedisClient;
  private readonly logger = new Logger(RedisConnection.name);
  private trusted = false;
  private closed = false;
  private regaining = false;
  private debts = 0;
  private slowInARow = 0;
  private retry: NodeJS.Timeout | undefined;

  constructor(private readonly options: RedisConnectionOptions) {
    this.client = createRedisClient(options);
    this.client.on('error', (error: Error) => {
      this.distrust(error.message || error.name);
    });
  }

  /** Whether operations are tried at all. */
  get available(): boolean {
    return this.trusted;
  }

  /** Starts to connect, and goes on trying; resolves once Redis is trusted, or after the first failure, or soon anyway. */
  async open(): Promise<void> {
    const firstOutcome = new Promise<void>((resolve) => {
      this.client.on('ready', () => void this.tryToRegain().then(resolve));
      this.client.once('error', () => {
        resolve();
      });
      // Failures arrive as 'error' events and are retried; this one only tells that the client was closed meanwhile.
      this.client.connect().catch((error: unknown) => {
        if (!this.closed) this.logger.error(`the Redis client gave up: ${String(error)}`);
        resolve();
      });
    });
    // A server that hangs accepts connections, and then says nothing.
    await withDeadline(firstOutcome, CONNECT_TIMEOUT).catch(noop);
    if (!this.trusted) this.logger.warn('Redis is not there: answers come from the database until it is');
  }

  /** @throws {LedgerUnavailableError} when Redis is away, refuses, or takes longer than the deadline */
  async run<T>(operation: (client: RedisClient) => Promise<T>): Promise<T> {
    if (!this.trusted) throw new LedgerUnavailableError('redis-away');
    try {
      return await this.watch(operation(this.client));
    } catch (error) {
      this.distrust(error instanceof Error ? error.message : String(error));
      this.retryLater();
      throw new LedgerUnavailableError('redis-failed', { cause: error });
    }
  }

  private async watch<T>(operation: Promise<T>): Promise<T> {
    let slow = 0;
    whenSlow(operation, this.options.deadline * SLOW, () => (slow = 1));
    const result = await withDeadline(operation, this.options.deadline);
    this.slowInARow = slow > 0 ? this.slowInARow + 1 : 0;
    if (this.slowInARow >= SLOW_IN_A_ROW && this.trusted) {
      this.distrust('it is slow');
      this.retryLater();
    }
    return result;
  }

  /**
   * Something did not arrive that had to: Redis is trusted only after a preparation that begins from now on. One that is
   * under way may have been carried out before what is missing.
   */
  owe(): void {
    this.debts += 1;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.trusted = false;
    clearTimeout(this.retry);
    if (this.client.isOpen) await this.client.disconnect();
  }

  private async tryToRegain(): Promise<void> {
    if (this.trusted || this.regaining || this.closed || !this.client.isReady) return;

    this.regaining = true;
    const { debts } = this;
    const attempt = this.options.regain(this.client);
    // While Redis hangs, the attempt stays under way; another one would only lengthen the queue that it has to work off.
    const settled = attempt.then(noop, noop).then(() => (this.regaining = false));
    try {
      await withDeadline(attempt, this.options.deadline * SLOW);
      if (this.debts !== debts) throw new Error('a write did not arrive meanwhile');
      this.trusted = true;
      this.slowInARow = 0;
      this.logger.log('Redis is there: cached answers are trusted from now on');
    } catch (error) {
      this.logger.debug(`Redis cannot be trusted yet: ${error instanceof Error ? error.message : String(error)}`);
      void settled.then(() => {
        this.retryLater();
      });
    }
  }

  private distrust(why: string): void {
    if (this.trusted) this.logger.warn(`Redis is away (${why}): answers come from the database until it is back`);
    this.trusted = false;
  }

  private retryLater(): void {
    if (this.closed) return;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => void this.tryToRegain(), this.options.retryInterval);
  }
}

function noop(): void {
  return undefined;
}

function createRedisClient({ url, retryInterval }: RedisConnectionOptions) {
  return createClient({
    url,
    scripts: redisScripts,
    disableOfflineQueue: true,
    socket: { connectTimeout: CONNECT_TIMEOUT, reconnectStrategy: retryInterval, noDelay: true },
  });
}
