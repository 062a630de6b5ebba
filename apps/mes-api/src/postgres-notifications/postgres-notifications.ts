import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseClient, DatabaseConnectionLostError, discardIdleConnections } from '@mes/database';
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';

/** Handles a payload. If it fails, the connection is replaced, as if the payload had been missed. */
type Listener = (payload: string) => void | Promise<void>;

const APPLICATION_NAME = 'mes-orders-api listener';
const MARKS_CHANNEL = 'mes_marks';

/** Times in milliseconds. */
const RECONNECT_INTERVAL = 250;
/** A server that does not answer for so long is gone: the connection is replaced. */
const ANSWER_TIMEOUT = 2_000;
const BEAT_INTERVAL = 1_000;

/** There is no connection that listens. */
export class NotListeningError extends Error {
  readonly code = 'NOT_LISTENING';
}

/**
 * Hears PostgreSQL's NOTIFY, on one connection for all who want to hear something. A heartbeat notices within seconds when the
 * server is gone without a word.
 */
@Injectable()
export class PostgresNotifications implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(PostgresNotifications.name);
  private readonly listeners = new Map<string, Listener[]>();
  private readonly whenConnected: (() => Promise<void>)[] = [];
  private readonly beats: (() => Promise<void>)[] = [];
  /** What is being done with notifications. */
  private readonly acting = new Set<Promise<void>>();
  /** Marks that were sent and have not been heard yet. */
  private readonly marks = new Map<string, () => void>();
  private connection: DatabaseClient | undefined;
  private answeredAt = -Infinity;
  private closed = false;
  private lastComplaint = '';

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {
    this.listen(MARKS_CHANNEL, (mark) => {
      this.marks.get(mark)?.();
    });
  }

  /** Resolves when the first attempt to listen has ended, well or not. */
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

  /** Whether the server has answered lately, as it is asked to every second. */
  get isAnswering(): boolean {
    return performance.now() - this.answeredAt < BEAT_INTERVAL + ANSWER_TIMEOUT;
  }

  /** To be called while the application is put together, before anything is heard. */
  listen(channel: string, listener: Listener): void {
    this.listeners.set(channel, [...(this.listeners.get(channel) ?? []), listener]);
  }

  /** Calls back each time the connection listens, again: nobody knows what was notified while it did not. */
  onConnected(callback: () => Promise<void>): void {
    this.whenConnected.push(callback);
  }

  /** Calls back every second while the connection listens. */
  onBeat(callback: () => Promise<void>): void {
    this.beats.push(callback);
  }

  /**
   * Runs a statement on the connection that listens, after those that were sent before.
   *
   * @throws {NotListeningError} while there is no connection
   * @throws {DatabaseConnectionLostError} when there is no answer; the connection is replaced
   */
  async query<T>(sql: string, parameters: readonly unknown[] = []): Promise<T[]> {
    const { connection } = this;
    if (!connection) throw new NotListeningError('PostgreSQL is not listened to');
    const { rows } = await connection.query(sql, [...parameters]);
    this.answeredAt = performance.now();
    return rows as T[];
  }

  /** Notifies over the same connection, which nobody has to wait for; while there is none, nobody is told. */
  async notify(channel: string, payload: string): Promise<void> {
    if (this.connection) await this.query('SELECT pg_notify($1, $2)', [channel, payload]);
  }

  /** Resolves when everything was acted upon that has been heard so far. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.acting);
  }

  /**
   * Resolves when everything was acted upon that had been notified, in transactions that had been committed, before this call:
   * PostgreSQL delivers notifications in the order of the commits. While there is no connection, resolves at once.
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
      const { url } = this.dataSource.options as PostgresDataSourceOptions;
      const client = new DatabaseClient({
        url: url ?? '',
        queryTimeout: ANSWER_TIMEOUT,
        applicationName: APPLICATION_NAME,
      });
      try {
        await this.useWhileItAnswers(client, onOutcome);
      } catch (error) {
        // The server may have vanished: idle connections to it would cost the next requests a time limit each.
        if (error instanceof DatabaseConnectionLostError) discardIdleConnections(this.dataSource);
        this.complain(error instanceof Error ? error.message : String(error));
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
    for (const channel of this.listeners.keys()) await client.query(`LISTEN ${channel}`);
    this.connection = client;
    for (const callback of this.whenConnected) await Promise.race([ended, callback()]);
    if (this.lastComplaint !== '') this.logger.log('PostgreSQL is listened to again');
    this.lastComplaint = '';
    onOutcome();
    for (;;) {
      await Promise.race([ended, delay(BEAT_INTERVAL, undefined, { ref: false })]);
      for (const beat of this.beats) await Promise.race([ended, beat()]);
    }
  }

  private act(listener: Listener, payload: string, fail: (error: unknown) => void): void {
    const acted = Promise.resolve()
      .then(() => listener(payload))
      .catch(fail)
      .finally(() => this.acting.delete(acted));
    this.acting.add(acted);
  }

  /** Says why PostgreSQL cannot be listened to, once for each reason. */
  private complain(why: string): void {
    if (why === this.lastComplaint || this.closed) return;
    this.lastComplaint = why;
    this.logger.warn(`PostgreSQL is not listened to: ${why}`);
  }
}
