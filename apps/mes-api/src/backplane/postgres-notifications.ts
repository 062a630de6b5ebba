import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Reminder } from '@mes/cache';
import {
  connectionProblem,
  DatabaseClient,
  DatabaseConnectionLostError,
  DatabaseUnfitError,
  discardIdleConnections,
  poolOf,
} from '@mes/database';
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import { Configuration } from '../config/configuration.js';

/** The channel for the tags that all instances must invalidate. Instances without Redis and triggers of the database notify on it. */
export const EVICTIONS_CHANNEL = 'mes_evictions';

/**
 * The event, in this process, that the database was replaced or is in another state. Its listeners synchronously forget what they
 * know of the database. The cache is invalidated after that, so that no load uses the forgotten data.
 */
export const DATABASE_REPLACED = 'database.replaced';

/**
 * The event, in this process, that a trigger has notified of a change that nobody had announced in Redis: by SQL past the API, or
 * through an instance that does not reach Redis.
 */
export const CHANGE_NOTIFIED = 'database.change-notified';

/** Handles a payload. If it fails, the connection is replaced, as if the payload had been missed. */
type Listener = (payload: string) => void | Promise<void>;

const APPLICATION_NAME = 'mes-orders-api listener';
const MARKS_CHANNEL = 'mes_marks';

/** Times in milliseconds. */
const RECONNECT_INTERVAL = 250;
/** After this time without an answer, the connection is replaced. */
const ANSWER_TIMEOUT = 2_000;
const BEAT_INTERVAL = 1_000;

/** No connection is listening at the moment. */
export class NotListeningError extends Error {
  readonly code = 'NOT_LISTENING';
}

/**
 * Receives PostgreSQL's notifications on one shared connection. A heartbeat detects a silent loss of the server within seconds.
 */
@Injectable()
export class PostgresNotifications implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(PostgresNotifications.name);
  private readonly listeners = new Map<string, Listener[]>();
  private readonly whenConnected: (() => Promise<void>)[] = [];
  private readonly beats: (() => Promise<void>)[] = [];
  /** Running listeners. */
  private readonly running = new Set<Promise<void>>();
  /** Sent marks that have not been received yet. */
  private readonly marks = new Map<string, () => void>();
  private connection: DatabaseClient | undefined;
  /** The end of the last statement on the connection, which takes one at a time. */
  private lastEnd: Promise<unknown> = Promise.resolve();
  private answeredAt = -Infinity;
  private closed = false;
  private isDividedNow = false;
  private lastProblem: string | undefined;
  private readonly reminder = new Reminder();
  /** Whether the end of the last failure is worth a line, because its begin was. */
  private endIsNews = false;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly configuration: Configuration,
  ) {
    this.listen(MARKS_CHANNEL, (mark) => {
      this.marks.get(mark)?.();
    });
  }

  /** Waits for the end of the first attempt to listen, successful or not. */
  async onModuleInit(): Promise<void> {
    await new Promise<void>((resolve) => void this.stayConnected(resolve));
  }

  async onApplicationShutdown(): Promise<void> {
    this.closed = true;
    await this.connection?.end();
  }

  get isConnected(): boolean {
    return this.connection !== undefined;
  }

  /** Whether requests have reached another server than this connection, and it is not known yet that they do not any more. */
  get isDivided(): boolean {
    return this.isDividedNow;
  }

  /** Whether the server has answered one of the last heartbeats. */
  get isAnswering(): boolean {
    return performance.now() - this.answeredAt < BEAT_INTERVAL + ANSWER_TIMEOUT;
  }

  /** Why there is no connection, and what to do, without the address; undefined while there is one. */
  get problem(): string | undefined {
    return this.isConnected ? undefined : this.lastProblem;
  }

  /** Time since the server has answered anything on this connection, in milliseconds. */
  get silence(): number {
    return performance.now() - this.answeredAt;
  }

  /** Adds a listener. Must be called before the connection is opened, in a constructor. */
  listen(channel: string, listener: Listener): void {
    this.listeners.set(channel, [...(this.listeners.get(channel) ?? []), listener]);
  }

  /** Calls back each time the connection starts to listen. Notifications before that are lost. */
  onConnected(callback: () => Promise<void>): void {
    this.whenConnected.push(callback);
  }

  /** Calls back every second while the connection is listening. */
  onBeat(callback: () => Promise<void>): void {
    this.beats.push(callback);
  }

  /**
   * Runs a statement on the listening connection, after the statements before it.
   *
   * @throws {NotListeningError} while there is no connection
   * @throws {DatabaseConnectionLostError} if there is no answer; the connection is then replaced
   */
  async query<T>(sql: string, parameters: readonly unknown[] = []): Promise<T[]> {
    const { connection } = this;
    if (!connection) throw new NotListeningError('not listening to PostgreSQL');
    const answer = this.lastEnd.then(() => connection.query(sql, [...parameters]));
    this.lastEnd = answer.catch(() => undefined);
    const { rows } = await answer;
    this.answeredAt = performance.now();
    return rows as T[];
  }

  /** Sends a notification over the same connection, so that no request waits for one. Without a connection, does nothing. */
  async notify(channel: string, payload: string): Promise<void> {
    if (this.connection) await this.query('SELECT pg_notify($1, $2)', [channel, payload]);
  }

  /** Waits for the listeners of all notifications received so far. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.running);
  }

  /**
   * Waits for the listeners of all notifications whose transactions were committed before this call. PostgreSQL delivers
   * notifications in the order of the commits, so a mark sent now arrives after them. Without a connection, returns at once.
   */
  async caughtUp(): Promise<void> {
    const mark = randomUUID();
    try {
      const heard = new Promise<void>((resolve) => this.marks.set(mark, resolve));
      if (!this.connection) return;
      await this.notify(MARKS_CHANNEL, mark);
      await heard;
      await this.settled();
    } finally {
      this.marks.delete(mark);
    }
  }

  private async stayConnected(onOutcome: () => void): Promise<void> {
    while (!this.closed) {
      const { url = '' } = this.dataSource.options as PostgresDataSourceOptions;
      const client = new DatabaseClient({
        url: this.configuration.database.directUrl ?? url,
        queryTimeout: ANSWER_TIMEOUT,
        applicationName: APPLICATION_NAME,
      });
      try {
        await this.useWhileItAnswers(client, onOutcome);
      } catch (error) {
        // If the server has vanished, each idle connection to it would cost a request its time limit. If requests and notifications are
        // at two servers, both ways are taken anew.
        if (error instanceof DatabaseConnectionLostError || error instanceof DatabaseUnfitError) {
          discardIdleConnections(this.dataSource);
        }
        this.report(error);
      }
      this.connection = undefined;
      for (const resolve of this.marks.values()) resolve();
      onOutcome();
      await client.end().catch(() => undefined);
      await delay(RECONNECT_INTERVAL, undefined, { ref: false });
    }
  }

  /** Rejects when the connection ends. */
  private async useWhileItAnswers(client: DatabaseClient, onOutcome: () => void): Promise<never> {
    let fail!: (error: unknown) => void;
    const ended = new Promise<never>((_, reject) => {
      fail = reject;
      client.on('error', reject);
      client.on('end', () => {
        reject(new Error('the connection ended'));
      });
    });
    ended.catch(() => undefined);
    client.on('notification', ({ channel, payload = '' }) => {
      for (const listener of this.listeners.get(channel) ?? []) this.act(listener, payload, fail);
    });
    await client.connect();
    // The pool closes older connections that lead elsewhere. If a newer one leads elsewhere, the two ways differ.
    if (client.reached) poolOf(this.dataSource).follow(client.reached);
    if (this.isDivided) await Promise.race([ended, this.dataSource.query('SELECT')]);
    this.assertSameServer(client);
    for (const channel of this.listeners.keys()) await client.query(`LISTEN ${channel}`);
    this.connection = client;
    this.lastEnd = Promise.resolve();
    for (const callback of this.whenConnected) await Promise.race([ended, callback()]);
    this.isDividedNow = false;
    if (this.endIsNews) this.logger.log('Listening to PostgreSQL again');
    this.endIsNews = false;
    onOutcome();
    for (;;) {
      await Promise.race([ended, delay(BEAT_INTERVAL, undefined, { ref: false })]);
      this.assertSameServer(client);
      for (const beat of this.beats) await Promise.race([ended, beat()]);
    }
  }

  /**
   * Of a server that requests do not reach, notifications tell nothing: as after a failover of one of two ways, or of a name, while the
   * old primary goes on.
   *
   * @throws {DatabaseUnfitError}
   */
  private assertSameServer(client: DatabaseClient): void {
    if (poolOf(this.dataSource).server === client.reached?.server) return;
    this.isDividedNow = true;
    throw new DatabaseUnfitError('requests reach another server than the connection for notifications');
  }

  private act(listener: Listener, payload: string, fail: (error: unknown) => void): void {
    const acted = Promise.resolve()
      .then(() => listener(payload))
      .catch(fail)
      .finally(() => this.running.delete(acted));
    this.running.add(acted);
  }

  /** Logs why the connection failed, from time to time. */
  private report(error: unknown): void {
    const { message, summary } = connectionProblem(
      error,
      this.configuration.database.directUrl === undefined ? 'DATABASE_URL' : 'DATABASE_DIRECT_URL',
    );
    this.lastProblem = summary;
    if (this.closed || !this.reminder.isDue(message)) return;
    this.endIsNews = true;
    this.logger.warn(`Cannot listen to PostgreSQL for the writes of other instances: ${message}`);
  }
}
