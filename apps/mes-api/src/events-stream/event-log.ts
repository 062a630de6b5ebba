import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { EVENTS_STREAM_OPTIONS, type EventsStreamOptions } from './events-stream.options.js';
import { ENTRY_TYPES, type LogEntry } from './log-entry.js';
import { completeAt, isComplete, type Position } from './position.js';
import type { Snapshot } from './snapshot.js';

/** Events in order, and the position after them. */
export interface EventPage {
  readonly entries: readonly LogEntry[];
  readonly position: Position;
}

interface PageRow {
  readonly gone: boolean;
  readonly target: Snapshot;
  readonly entries: readonly StoredEntry[] | null;
}

type StoredEntry = { readonly seq: string; readonly at: string } & Omit<LogEntry, 'position' | 'at'>;

/**
 * Condition: the log no longer has all events after the position with snapshot $1 and state $2. Some were pruned, or the database
 * was replaced or restored.
 */
const GONE = `(
  $2 <> database_state()
  OR pg_snapshot_xmax($1::pg_snapshot) > pg_snapshot_xmax(pg_current_snapshot())
  OR EXISTS (
    SELECT FROM order_event_horizons h
    WHERE h.is_pruned AND pg_snapshot_xmax(h.snapshot) <= pg_snapshot_xmax(pg_current_snapshot()) AND (
      pg_snapshot_xmax(h.snapshot) > pg_snapshot_xmax($1::pg_snapshot)
      OR EXISTS (SELECT FROM pg_snapshot_xip($1::pg_snapshot) AS running WHERE pg_visible_in_snapshot(running, h.snapshot))
    )
  )
)`;

/** Condition: the event is not visible in the snapshot $1. */
const NOT_SEEN = 'e.xid >= pg_snapshot_xmin($1::pg_snapshot) AND NOT pg_visible_in_snapshot(e.xid, $1::pg_snapshot)';

/** Reads the log of events. The rows and their snapshot come from one statement, so that they are consistent. */
@Injectable()
export class EventLog {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(EVENTS_STREAM_OPTIONS) private readonly options: EventsStreamOptions,
  ) {}

  /**
   * The position after all present events.
   *
   * A restored dump contains events of transaction numbers that this database has not yet assigned. They are deleted, because
   * they would look like new events once it has.
   */
  async now(): Promise<Position> {
    await this.dataSource.query('DELETE FROM order_events WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())');
    const [row] = await this.dataSource.query<{ now: Snapshot; state: string }[]>(
      'SELECT pg_current_snapshot()::text AS now, database_state() AS state',
    );
    if (!row) throw new Error('the query of the snapshot returned no row');
    return completeAt(row.state, row.now);
  }

  /** Adds a reset: the clients of all instances fetch everything again. */
  async addReset(): Promise<void> {
    await this.dataSource.query(`INSERT INTO order_events (type, announced) VALUES ('reset', false)`);
  }

  /**
   * One page of the events after a position. A batch that was begun is first read to its end.
   *
   * @param until the snapshot to read up to; the current one by default
   * @returns undefined if the log no longer has all events after the position
   */
  async read(position: Position, until?: Snapshot): Promise<EventPage | undefined> {
    const [row] = await this.dataSource.query<PageRow[]>(
      `WITH target AS MATERIALIZED (
        SELECT coalesce($3::pg_snapshot, pg_current_snapshot()) AS snapshot
      ), page AS (
        SELECT e.seq::text AS seq, e.at, e.type, e.announced, e.order_id AS "orderId", e.number, e.version,
          e.from_status AS "from", e.status, e.priority, e.material, e.assignee, c.changed_by AS "by", c.changes
        FROM target, order_events e
        LEFT JOIN order_status_changes c ON c.order_id = e.order_id AND c.version = e.version
          AND CASE e.type WHEN 'order.changed' THEN c.changes IS NOT NULL
            ELSE c.from_status = e.from_status AND c.to_status = e.status END
        WHERE ${NOT_SEEN} AND pg_visible_in_snapshot(e.xid, target.snapshot) AND e.seq > $4
        ORDER BY e.seq LIMIT $5
      )
      SELECT ${GONE} AS gone, target.snapshot::text AS target,
        (SELECT json_agg(page ORDER BY page.seq::bigint) FROM page) AS entries
      FROM target`,
      [
        position.before,
        position.state,
        (isComplete(position) ? until : position.batch) ?? null,
        position.seq,
        this.options.pageSize + 1,
      ],
    );
    if (!row) throw new Error('the query of the log returned no row');
    if (row.gone) return undefined;
    const entries = (row.entries ?? [])
      .slice(0, this.options.pageSize)
      .map((entry) => toEntry(entry, { ...position, batch: row.target, seq: entry.seq }));
    const isCut = (row.entries ?? []).length > entries.length;
    const last = isCut ? entries.at(-1) : undefined;
    return { entries, position: last?.position ?? completeAt(position.state, row.target) };
  }

  /**
   * Whether a client at this position can be sent each event up to a snapshot: the log has all of them, and there are not too
   * many.
   */
  async canResume({ state, before, batch, seq }: Position, until: Snapshot): Promise<boolean> {
    const [row] = await this.dataSource.query<{ possible: boolean }[]>(
      `SELECT NOT ${GONE} AND $6::bigint >= (
        SELECT count(*) FROM (
          SELECT FROM order_events e
          WHERE ${NOT_SEEN} AND pg_visible_in_snapshot(e.xid, $5::pg_snapshot)
            AND NOT (e.seq <= $4 AND pg_visible_in_snapshot(e.xid, $3::pg_snapshot))
          LIMIT $6::bigint + 1
        ) AS missed
      ) AS possible`,
      [before, state, batch, seq, until, this.options.maxMissed],
    );
    return row?.possible === true;
  }
}

/** A later version of the API may log what this one does not know: that is a reset here, since its extent is unknown. */
function toEntry({ seq: _, at, ...entry }: StoredEntry, position: Position): LogEntry {
  const known = ENTRY_TYPES.includes(entry.type) ? entry : { type: 'reset', announced: false };
  return { ...known, at: new Date(at), position } as LogEntry;
}
