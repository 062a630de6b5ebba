import { randomUUID } from 'node:crypto';
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';

/** What is done with a payload; it is its own business what becomes of its errors. */
type Listener = (payload: string) => void | Promise<void>;

/** By this name in `pg_stat_activity` the instances are counted. */
export const LISTENING_CONNECTION = 'mes-orders-api relay';
const RECONNECT_INTERVAL = 250;
const MARKS_CHANNEL = 'mes_marks';

/** Hears PostgreSQL's NOTIFY, on one connection for all who want to hear something. */
@Injectable()
export class PostgresNotifications implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(PostgresNotifications.name);
  private readonly listeners = new Map<string, Listener[]>();
  private readonly whenConnected: (() => Promise<void>)[] = [];
  /** What is being done with notifications. */
  private readonly acting = new Set<Promise<void>>();
  /** Marks that were sent and have not been heard yet. */
  private readonly marks = new Map<string, () => void>();
  private connection: pg.Client | undefined;
  private reconnect: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {
    this.listen(MARKS_CHANNEL, (mark) => {
      this.marks.get(mark)?.();
    });
  }

  async onModuleInit(): Promise<void> {
    await this.connect();
  }

  async onApplicationShutdown(): Promise<void> {
    this.closed = true;
    clearTimeout(this.reconnect);
    await this.connection?.end();
  }

  get isConnected(): boolean {
    return this.connection !== undefined;
  }

  /** To be called while the application is put together, before anything is heard. */
  listen(channel: string, listener: Listener): void {
    this.listeners.set(channel, [...(this.listeners.get(channel) ?? []), listener]);
  }

  /** Calls back each time the connection listens, again: nobody knows what was notified while it did not. */
  onConnected(callback: () => Promise<void>): void {
    this.whenConnected.push(callback);
  }

  /** Notifies over the same connection, which nobody has to wait for; while there is none, nobody is told. */
  async notify(channel: string, payload: string): Promise<void> {
    await this.connection?.query('SELECT pg_notify($1, $2)', [channel, payload]);
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
      await Promise.allSettled(this.acting);
    } finally {
      this.marks.delete(mark);
    }
  }

  private async connect(): Promise<void> {
    const { url } = this.dataSource.options as PostgresDataSourceOptions;
    const client = new pg.Client({ connectionString: url, application_name: LISTENING_CONNECTION, keepAlive: true });
    client.on('error', (error) => {
      this.logger.warn(`the connection that listens for writes broke: ${error.message}`);
    });
    client.on('end', () => {
      this.connectAgain();
    });
    client.on('notification', ({ channel, payload = '' }) => {
      for (const listener of this.listeners.get(channel) ?? []) this.act(listener, payload);
    });
    try {
      await client.connect();
      for (const channel of this.listeners.keys()) await client.query(`LISTEN ${channel}`);
      this.connection = client;
      await Promise.all(this.whenConnected.map((callback) => callback()));
    } catch (error) {
      this.logger.warn(`cannot listen for writes: ${error instanceof Error ? error.message : String(error)}`);
      await client.end().catch(() => undefined);
      this.connectAgain();
    }
  }

  private act(listener: Listener, payload: string): void {
    const acted = Promise.resolve(listener(payload)).finally(() => this.acting.delete(acted));
    this.acting.add(acted);
  }

  private connectAgain(): void {
    this.connection = undefined;
    for (const resolve of this.marks.values()) resolve();
    if (this.closed) return;
    clearTimeout(this.reconnect);
    this.reconnect = setTimeout(() => void this.connect(), RECONNECT_INTERVAL);
  }
}
