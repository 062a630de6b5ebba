import { poolOf } from '@mes/database';
import { Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { InjectDataSource } from '@nestjs/typeorm';
import { Counter, Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import { CHANGE_NOTIFIED, DATABASE_REPLACED, PostgresNotifications } from '../backplane/postgres-notifications.js';
import { DurationHistogram } from './duration-histogram.js';
import { counterReadAtScrape, gaugeReadAtScrape } from './read-at-scrape.js';

const KINDS = ['select', 'insert', 'update', 'delete', 'other'] as const;

type StatementKind = (typeof KINDS)[number];

/** In seconds. A statement is cancelled after five. */
const BUCKETS = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** The statements and the connections of this process, and how long PostgreSQL has been silent. */
@Injectable()
export class DatabaseMetrics {
  private readonly replacements: Counter;
  private readonly notifiedChanges: Counter;

  constructor(registry: Registry, @InjectDataSource() dataSource: DataSource, notifications: PostgresNotifications) {
    const pool = poolOf(dataSource);
    const durations = new DurationHistogram(registry, {
      name: 'mes_database_statement_duration_seconds',
      help: 'Time of a statement, failed ones included, by kind',
      labelNames: ['kind'],
      buckets: BUCKETS,
    });
    const failures = new Counter({
      name: 'mes_database_statement_failures_total',
      help: 'Statements that failed, by kind',
      labelNames: ['kind'],
      registers: [registry],
    });
    for (const kind of KINDS) {
      durations.with(kind);
      failures.inc({ kind }, 0);
    }
    pool.statementListeners.push((text) => {
      const kind = kindOf(text);
      const began = performance.now();
      return (error) => {
        durations.with(kind).observe(performance.now() - began);
        if (error) failures.inc({ kind });
      };
    });

    const gauge = (name: string, help: string, read: () => number): void => {
      gaugeReadAtScrape(registry, { name, help }, read);
    };
    gauge('mes_database_pool_size', 'Connections that the pool may have', () => pool.options.max);
    gauge('mes_database_pool_connections', 'Connections that the pool has', () => pool.totalCount);
    gauge('mes_database_pool_in_use', 'Connections of the pool in use', () => pool.totalCount - pool.idleCount);
    gauge('mes_database_pool_waiting', 'Requests that wait for a connection', () => pool.waitingCount);
    counterReadAtScrape(
      registry,
      {
        name: 'mes_database_pool_refusals_total',
        help: 'Requests that got no connection because too many waited already',
      },
      () => pool.refused,
    );
    gauge(
      'mes_database_listen_silence_seconds',
      'Time since PostgreSQL last answered on the connection for notifications, which has a heartbeat each second',
      () => notifications.silence / 1_000,
    );
    this.replacements = new Counter({
      name: 'mes_database_replacements_total',
      help: 'Times that the database was noticed to be another one, or in another state: restarted, restored or replaced',
      registers: [registry],
    });
    this.notifiedChanges = new Counter({
      name: 'mes_database_notified_changes_total',
      help: 'Changes that a trigger has notified of, because nobody had announced them in Redis',
      registers: [registry],
    });
  }

  @OnEvent(CHANGE_NOTIFIED)
  noteNotified(): void {
    this.notifiedChanges.inc();
  }

  @OnEvent(DATABASE_REPLACED)
  noteReplaced(): void {
    this.replacements.inc();
  }
}

/** What a statement does. One that begins with WITH may write further on. */
function kindOf(text: string): StatementKind {
  const [, first = ''] = /^\s*(\w+)/.exec(text) ?? [];
  const word =
    first.toLowerCase() === 'with' ? (/\b(insert|update|delete)\s+(?!of\b)/i.exec(text)?.[1] ?? 'select') : first;
  const kind = word.toLowerCase();
  return KINDS.find((known) => known === kind) ?? 'other';
}
