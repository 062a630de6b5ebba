import type { MigrationInterface, QueryRunner } from 'typeorm';
import { stateOf } from './database-state.sql.js';

/** The numbers of orders started, completed and shipped in each hour, and how long that took, for the dashboard. */
export class CountMilestones1765000000000 implements MigrationInterface {
  readonly name = 'CountMilestones1765000000000';

  /** Writers wait until the history is read, a second for some millions of changes. Readers go on meanwhile. */
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(LOCK);
    await runner.query(tables);
    await runner.query(count('order_status_changes', '0'));
    await runner.query(triggers);
    await runner.query(
      stateOf(
        [...TABLES, 'order_milestones'],
        21,
        '^order(s|_status_changes|_status_counts|_arrivals|_milestones)_(count|notify|log)(_|$)',
      ),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(LOCK);
    await runner.query(`
      DROP TRIGGER order_status_changes_count_insert ON order_status_changes;
      DROP TRIGGER order_status_changes_count_truncate ON order_status_changes;
      DROP FUNCTION count_milestones(), forget_milestones();
      DROP TABLE order_milestones;
      DROP FUNCTION duration_class(interval);
    `);
    await runner.query(
      stateOf(TABLES, 18, '^order(s|_status_changes|_status_counts|_arrivals)_(count|notify|log)(_|$)'),
    );
  }
}

/* Writers lock orders first too, so a writer and this migration cannot deadlock. */
const LOCK = 'LOCK TABLE orders, order_status_changes IN SHARE ROW EXCLUSIVE MODE';

/*
 * An order reaches a milestone when it has the status for the first time: an order that is reworked, or given back to the queue,
 * counts once. Deleting an order later does not undo what was done.
 *
 * duration_class is the time from the creation to the start, and from the first start to the completion: 0 for less than a minute,
 * then four classes for each doubling. So a median can be estimated, and the number of rows does not grow with that of the orders:
 * there are as many as hours, milestones, classes and shards. -1 stands for no duration.
 *
 * Rows are kept for nine days: the dashboard shows eight.
 *
 * There are fewer shards than of the other counts, because the rows are many and status changes are few. The lock of the other
 * counts is taken first, so that transactions which take both cannot deadlock.
 */
const tables = `
  CREATE TABLE order_milestones (
    hour timestamptz(0) NOT NULL,
    milestone order_status NOT NULL,
    duration_class smallint NOT NULL,
    shard smallint NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (hour, milestone, duration_class, shard)
  ) WITH (fillfactor = 50);

  CREATE FUNCTION duration_class(duration interval) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
      WHEN duration IS NULL THEN -1
      WHEN duration < interval '1 minute' THEN 0
      ELSE 1 + floor(4 * ln(extract(epoch FROM duration)::float8 / 60) / ln(2::float8))
    END::smallint;
`;

const MILESTONES = `('MANUFACTURING_STARTED', 'MANUFACTURING_COMPLETED', 'SHIPPED')`;
const KEPT = `interval '9 days'`;

/** Adds the status changes of a table to the counts. */
function count(changes: string, shard: string): string {
  return `
    INSERT INTO order_milestones AS c (hour, milestone, duration_class, shard, count)
      SELECT date_trunc('hour', at, 'UTC'), milestone, duration_class(duration), ${shard}, count(*) FROM (
        SELECT n.changed_at AS at, n.to_status AS milestone, CASE n.to_status
          WHEN 'MANUFACTURING_STARTED' THEN n.changed_at - o.created_at
          WHEN 'MANUFACTURING_COMPLETED' THEN n.changed_at - (
            SELECT min(s.changed_at) FROM order_status_changes s
            WHERE s.order_id = n.order_id AND s.version < n.version AND s.to_status = 'MANUFACTURING_STARTED'
          )
        END AS duration
        FROM ${changes} n JOIN orders o ON o.id = n.order_id
        WHERE n.to_status IN ${MILESTONES} AND n.changed_at > now() - ${KEPT} AND NOT EXISTS (
          SELECT FROM order_status_changes e
          WHERE e.order_id = n.order_id AND e.version < n.version AND e.to_status = n.to_status
        )
      ) AS reached GROUP BY 1, 2, 3
      ON CONFLICT (hour, milestone, duration_class, shard) DO UPDATE SET count = c.count + excluded.count`;
}

/* Whether pg_restore writes: see the migration that notices other databases. It restores the counts, too. */
const IS_RESTORE = `current_setting('session_replication_role') = 'replica' AND current_setting('search_path') = ''`;

/*
 * A write of history by another program notifies of the order alone, so this trigger notifies of the counts. The writes of the API
 * invalidate them by themselves.
 */
const triggers = `
  CREATE FUNCTION count_milestones() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
  DECLARE
    my_shard smallint := pg_backend_pid() % 64;
  BEGIN
    IF NOT EXISTS (SELECT FROM after_rows WHERE to_status IN ${MILESTONES}) THEN
      RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock(1836020000, my_shard);
    my_shard := my_shard % 8;
    PERFORM pg_advisory_xact_lock(1836020001, my_shard);
    DELETE FROM order_milestones WHERE hour < now() - ${KEPT} AND shard = my_shard;
    ${count('after_rows', 'my_shard')};
    IF FOUND AND coalesce(current_setting('mes.announced', true), '') = '' THEN
      PERFORM tell_of_change(ARRAY['orders:counts']);
    END IF;
    RETURN NULL;
  END $$;

  CREATE FUNCTION forget_milestones() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
  BEGIN
    DELETE FROM order_milestones;
    RETURN NULL;
  END $$;

  CREATE TRIGGER order_status_changes_count_insert AFTER INSERT ON order_status_changes
    REFERENCING NEW TABLE AS after_rows FOR EACH STATEMENT WHEN (NOT (${IS_RESTORE})) EXECUTE FUNCTION count_milestones();
  CREATE TRIGGER order_status_changes_count_truncate AFTER TRUNCATE ON order_status_changes
    FOR EACH STATEMENT EXECUTE FUNCTION forget_milestones();
  ALTER TABLE order_status_changes
    ENABLE ALWAYS TRIGGER order_status_changes_count_insert,
    ENABLE ALWAYS TRIGGER order_status_changes_count_truncate;

  CREATE TRIGGER order_milestones_notify AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON order_milestones
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION notify_of_counts();
  ALTER TABLE order_milestones ENABLE ALWAYS TRIGGER order_milestones_notify;
`;

const TABLES = ['orders', 'order_status_changes', 'order_status_counts', 'order_arrivals', 'order_events', 'secrets'];
