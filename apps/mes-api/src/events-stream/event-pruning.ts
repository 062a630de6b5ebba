import { Reminder } from '@mes/cache';
import { ADVISORY_LOCKS } from '@mes/database';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { EVENTS_STREAM_OPTIONS, type EventsStreamOptions } from './events-stream.options.js';

/** Number of events deleted in one transaction, which takes a few milliseconds. */
const BATCH_SIZE = 10_000;

/**
 * Deletes events that are older than the window. The age of an event counts from its commit: an event is deleted when a snapshot
 * that contains it is older than the window.
 */
@Injectable()
export class EventPruning implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(EventPruning.name);
  private readonly reminder = new Reminder();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(EVENTS_STREAM_OPTIONS) private readonly options: EventsStreamOptions,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.prune().catch((error: unknown) => {
        const reason = String(error);
        if (this.reminder.isDue(reason)) this.logger.warn(`cannot delete old events: ${reason}`);
      });
    }, this.options.pruneInterval).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** Deletes old events, unless another instance is doing so. */
  async prune(): Promise<void> {
    while ((await this.dataSource.transaction((manager) => this.pruneSome(manager))) === BATCH_SIZE);
  }

  /** @returns the number of deleted events */
  private async pruneSome(manager: EntityManager): Promise<number> {
    const [lock] = await manager.query<{ mine: boolean }[]>('SELECT pg_try_advisory_xact_lock($1) AS mine', [
      ADVISORY_LOCKS.eventPruning,
    ]);
    if (lock?.mine !== true) return 0;

    const { window, pruneInterval } = this.options;
    await manager.query(
      `INSERT INTO order_event_horizons (snapshot)
       SELECT pg_current_snapshot() WHERE NOT EXISTS (
         SELECT FROM order_event_horizons WHERE taken_at > clock_timestamp() - $1 * interval '0.5 milliseconds'
       )`,
      [pruneInterval],
    );
    // Horizons from another database are ignored: with their transaction numbers, all events would be deleted.
    const [horizon] = await manager.query<{ snapshot: string }[]>(
      `WITH horizon AS (
        SELECT taken_at FROM order_event_horizons
        WHERE taken_at < clock_timestamp() - $1 * interval '1 millisecond'
          AND pg_snapshot_xmax(snapshot) <= pg_snapshot_xmax(pg_current_snapshot())
        ORDER BY taken_at DESC LIMIT 1
      ), older AS (
        DELETE FROM order_event_horizons h USING horizon WHERE h.taken_at < horizon.taken_at
      ), pruned AS (
        UPDATE order_event_horizons h SET is_pruned = true FROM horizon WHERE h.taken_at = horizon.taken_at
        RETURNING h.snapshot::text AS snapshot
      )
      SELECT snapshot FROM pruned`,
      [window],
    );
    if (!horizon) return 0;
    const deleted = await manager.query<unknown[]>(
      `WITH old AS (
        SELECT seq FROM order_events
        WHERE xid < pg_snapshot_xmax($1::pg_snapshot) AND pg_visible_in_snapshot(xid, $1::pg_snapshot)
        ORDER BY xid LIMIT $2
      ), deleted AS (
        DELETE FROM order_events e USING old WHERE e.seq = old.seq RETURNING 1
      )
      SELECT FROM deleted`,
      [horizon.snapshot, BATCH_SIZE],
    );
    return deleted.length;
  }
}
