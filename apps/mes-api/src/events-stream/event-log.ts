import { readCacheNamespace } from '@mes/database';
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { EVENTS_STREAM_OPTIONS, type EventsStreamOptions } from './events-stream.options.js';
import type { LogEntry } from './log-entry.js';
import { PositionCodec } from './position-codec.js';
import { completeAt, isComplete, type Position } from './position.js';
import type { Snapshot } from './snapshot.js';

/** Events in their order, and where whoever has had them is then. */
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

/** Names the database and its state: positions of before a restore or a crash mean nothing after it. */
const HISTORY = 'left(database_state(), 8)';

/**
 * Of a position whose snapshot is $1, and whose history is $2: true if it is not known any more what came after it. Either
 * something of that has been pruned, or the database has gone back since, as one that was restored or has crashed has.
 */
const GONE = `(
  $2 IS DISTINCT FROM ${HISTORY}
  OR pg_snapshot_xmax($1::pg_snapshot) > pg_snapshot_xmax(pg_current_snapshot())
  OR EXISTS (
    SELECT FROM order_event_horizons h
    WHERE h.is_pruned AND pg_snapshot_xmax(h.snapshot) <= pg_snapshot_xmax(pg_current_snapshot()) AND (
      pg_snapshot_xmax(h.snapshot) > pg_snapshot_xmax($1::pg_snapshot)
      OR EXISTS (SELECT FROM pg_snapshot_xip($1::pg_snapshot) AS running WHERE pg_visible_in_snapshot(running, h.snapshot))
    )
  )
)`;

const NOT_HAD = 'e.xid >= pg_snapshot_xmin($1::pg_snapshot) AND NOT pg_visible_in_snapshot(e.xid, $1::pg_snapshot)';

/** Reads the log of events. Rows and the snapshot that they are visible in come from one statement, so they agree. */
@Injectable()
export class EventLog {
  private codec: Promise<PositionCodec> | undefined;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(EVENTS_STREAM_OPTIONS) private readonly options: EventsStreamOptions,
  ) {}

  /** Has all who follow, through any instance, fetch everything again. */
  async addReset(): Promise<void> {
    await this.dataSource.query(`INSERT INTO order_events (type, announced) VALUES ('reset', false)`);
  }

  /** What positions in this database are called. */
  ids(): Promise<PositionCodec> {
    if (!this.codec) {
      this.codec = readCacheNamespace(this.dataSource).then((name) => new PositionCodec(name));
      this.codec.catch(() => (this.codec = undefined));
    }
    return this.codec;
  }

  /** The position of somebody who begins now. */
  async now(): Promise<Position> {
    const [row] = await this.dataSource.query<{ now: Snapshot; history: string }[]>(
      `SELECT pg_current_snapshot()::text AS now, ${HISTORY} AS history`,
    );
    if (!row) throw new Error('there is no snapshot');
    return completeAt(row.history, row.now);
  }

  /**
   * The events after a position, as many as make a page. A batch that was begun is read to its end first.
   *
   * @param until the last snapshot to read to; the present one by default
   * @returns nothing if it is not known any more what came after the position
   */
  async read(position: Position, until?: Snapshot): Promise<EventPage | undefined> {
    const [row] = await this.dataSource.query<PageRow[]>(
      `WITH target AS MATERIALIZED (
        SELECT coalesce($3::pg_snapshot, pg_current_snapshot()) AS snapshot
      ), page AS (
        SELECT e.seq::text AS seq, e.at, e.type, e.announced, e.order_id AS "orderId", e.number, e.version,
          e.from_status AS "from", e.status, e.priority, e.material, e.assignee, c.changed_by AS "by"
        FROM target, order_events e
        LEFT JOIN order_status_changes c ON c.order_id = e.order_id AND c.version = e.version
          AND c.from_status = e.from_status AND c.to_status = e.status
        WHERE ${NOT_HAD} AND pg_visible_in_snapshot(e.xid, target.snapshot) AND e.seq > $4
        ORDER BY e.seq LIMIT $5
      )
      SELECT ${GONE} AS gone, target.snapshot::text AS target,
        (SELECT json_agg(page ORDER BY page.seq::bigint) FROM page) AS entries
      FROM target`,
      [
        position.before,
        position.history,
        (isComplete(position) ? until : position.batch) ?? null,
        position.seq,
        this.options.pageSize + 1,
      ],
    );
    if (!row) throw new Error('the log gave no row');
    if (row.gone) return undefined;
    const entries = (row.entries ?? [])
      .slice(0, this.options.pageSize)
      .map((entry) => toEntry(entry, { ...position, batch: row.target, seq: entry.seq }));
    const isCut = (row.entries ?? []).length > entries.length;
    const last = isCut ? entries.at(-1) : undefined;
    return { entries, position: last?.position ?? completeAt(position.history, row.target) };
  }

  /**
   * Whether somebody at this position can be told of each event up to a snapshot: all are still known, and they are not
   * too many.
   */
  async canResume({ history, before, batch, seq }: Position, until: Snapshot): Promise<boolean> {
    const [row] = await this.dataSource.query<{ possible: boolean }[]>(
      `SELECT NOT ${GONE} AND $6::bigint >= (
        SELECT count(*) FROM (
          SELECT FROM order_events e
          WHERE ${NOT_HAD} AND pg_visible_in_snapshot(e.xid, $5::pg_snapshot)
            AND NOT (e.seq <= $4 AND pg_visible_in_snapshot(e.xid, $3::pg_snapshot))
          LIMIT $6::bigint + 1
        ) AS missed
      ) AS possible`,
      [before, history, batch, seq, until, this.options.maxMissed],
    );
    return row?.possible === true;
  }
}

function toEntry({ seq: _, at, ...entry }: StoredEntry, position: Position): LogEntry {
  return { ...entry, at: new Date(at), position } as LogEntry;
}
