import type { MigrationInterface, QueryRunner } from 'typeorm';
import { stateOf } from './database-state.sql.js';

/** An archive of old orders, and a function that moves orders there. */
export class ArchiveOrders1765200000000 implements MigrationInterface {
  readonly name = 'ArchiveOrders1765200000000';

  /** Writers wait a moment. Earlier versions of the API, which may still run for a while, do not find archived orders. */
  async up(runner: QueryRunner): Promise<void> {
    const [{ schema } = { schema: '' }] = (await runner.query(
      'SELECT quote_ident(current_schema()) AS schema',
    )) as readonly { readonly schema: string }[];
    await runner.query(LOCK);
    await runner.query(tables);
    await runner.query(triggersOfOrders(IS_ARCHIVING));
    await runner.query(counts);
    await runner.query(keys);
    await runner.query(notifications);
    await runner.query(move(schema));
    await runner.query(
      stateOf(
        [...TABLES, 'archived_orders', 'archived_order_status_changes'],
        24,
        '^(archived_)?order(s|_status_changes|_status_counts|_arrivals|_milestones)_(count|notify|log)(_|$)',
      ),
    );
  }

  /** Refuses to forget orders: there is no table for the archived ones without this migration. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(LOCK);
    await runner.query(`
      DO $$ BEGIN
        IF EXISTS (SELECT FROM archived_orders) THEN
          RAISE 'there are archived orders';
        END IF;
      END $$;
      DROP FUNCTION archive_orders(text, interval, integer, interval, interval);
      DROP TRIGGER orders_refuse_archived_keys ON orders;
      DROP TRIGGER orders_count_archive ON orders;
      DROP TABLE order_archiving, archived_order_status_changes, archived_orders;
      DROP FUNCTION count_archived_orders(), refuse_archived_keys(), notify_of_archive();
      ALTER TABLE orders RESET (autovacuum_vacuum_scale_factor);
    `);
    await runner.query(triggersOfOrders('false'));
    await runner.query(
      stateOf(TABLES, 21, '^order(s|_status_changes|_status_counts|_arrivals|_milestones)_(count|notify|log)(_|$)'),
    );
  }
}

/* Writers lock orders first too, so a writer and this migration cannot deadlock. */
const LOCK = 'LOCK TABLE orders, order_status_changes IN SHARE ROW EXCLUSIVE MODE';

/*
 * The archive has the columns of the orders, so that rows are copied whole. An order is looked up in it by its id, its number, and the
 * keys of its creator. Nothing but the id is unique there, lest an order that was changed by hand stops the move of all others: the
 * keys are unique in another way, see below. The history has no foreign key: to check it would take most of the time of the move.
 *
 * order_archiving has one row: how far the orders have been looked at, by the time of their creation, and when to go on. Whoever
 * moves orders locks it.
 *
 * Orders leave the old end of each index of orders. A list that begins there has to skip what has left, until it is vacuumed: so
 * that is done earlier than PostgreSQL would, after a fifth of the table.
 */
const tables = `
  CREATE TABLE archived_orders (LIKE orders, PRIMARY KEY (id));
  CREATE INDEX archived_orders_by_number ON archived_orders (number);
  CREATE INDEX archived_orders_by_external_id ON archived_orders (created_by, external_id) WHERE external_id IS NOT NULL;
  CREATE INDEX archived_orders_by_idempotency_key ON archived_orders (created_by, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

  CREATE TABLE archived_order_status_changes (LIKE order_status_changes, PRIMARY KEY (order_id, version));

  CREATE TABLE order_archiving (
    is_present boolean PRIMARY KEY DEFAULT true CHECK (is_present),
    created_at timestamptz NOT NULL DEFAULT '-infinity',
    id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    next_at timestamptz NOT NULL DEFAULT '-infinity'
  );
  INSERT INTO order_archiving DEFAULT VALUES;

  ALTER TABLE orders SET (autovacuum_vacuum_scale_factor = 0.02);
`;

/* Whether orders are deleted because they move to the archive. */
const IS_ARCHIVING = `coalesce(current_setting('mes.archiving', true), '') = 'on'`;

/* Whether pg_restore writes: see the migration that notices other databases. */
const IS_RESTORE = `current_setting('session_replication_role') = 'replica' AND current_setting('search_path') = ''`;

/** The triggers that count and log the deletion of orders, unless a condition holds. The move is no event: clients see nothing. */
function triggersOfOrders(exception: string): string {
  return `
    CREATE OR REPLACE TRIGGER orders_count_delete AFTER DELETE ON orders
      REFERENCING OLD TABLE AS before_rows
      FOR EACH STATEMENT WHEN (NOT (${IS_RESTORE}) AND NOT (${exception})) EXECUTE FUNCTION count_orders();
    CREATE OR REPLACE TRIGGER orders_log_delete AFTER DELETE ON orders
      REFERENCING OLD TABLE AS before_rows FOR EACH STATEMENT WHEN (NOT (${exception})) EXECUTE FUNCTION log_order_events();
    ALTER TABLE orders ENABLE ALWAYS TRIGGER orders_count_delete, ENABLE ALWAYS TRIGGER orders_log_delete;
  `;
}

/* An order that is archived leaves the counts by status. It has arrived all the same, so the counts by hour stay. */
const counts = `
  CREATE FUNCTION count_archived_orders() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
  DECLARE
    my_shard smallint := pg_backend_pid() % 64;
  BEGIN
    PERFORM pg_advisory_xact_lock(1836020000, my_shard);
    INSERT INTO order_status_counts AS c (status, priority, shard, count)
      SELECT status, priority, my_shard, -count(*) FROM before_rows GROUP BY status, priority
      ON CONFLICT (status, priority, shard) DO UPDATE SET count = c.count + excluded.count;
    RETURN NULL;
  END $$;

  CREATE TRIGGER orders_count_archive AFTER DELETE ON orders
    REFERENCING OLD TABLE AS before_rows FOR EACH STATEMENT WHEN (${IS_ARCHIVING}) EXECUTE FUNCTION count_archived_orders();
  ALTER TABLE orders ENABLE ALWAYS TRIGGER orders_count_archive;
`;

/*
 * An archived order keeps its externalId and its idempotency key. A writer that waits for the move of such an order gets past the
 * unique indexes of orders when the move is committed. The trigger comes after that, and sees the archived order.
 *
 * PostgreSQL keeps the plan of the function, and the archive may be empty when it makes it.
 */
const keys = `
  CREATE FUNCTION refuse_archived_keys() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT SET enable_seqscan = off AS $$
  DECLARE
    violated text;
  BEGIN
    IF EXISTS (SELECT FROM archived_orders WHERE created_by = NEW.created_by AND external_id = NEW.external_id) THEN
      violated := 'orders_external_id';
    ELSIF EXISTS (SELECT FROM archived_orders WHERE created_by = NEW.created_by AND idempotency_key = NEW.idempotency_key) THEN
      violated := 'orders_idempotency_key';
    ELSE
      RETURN NULL;
    END IF;
    RAISE unique_violation USING
      MESSAGE = format('an archived order violates the unique constraint "%s"', violated), CONSTRAINT = violated;
  END $$;

  CREATE TRIGGER orders_refuse_archived_keys AFTER INSERT OR UPDATE OF created_by, external_id, idempotency_key ON orders
    FOR EACH ROW WHEN (NEW.external_id IS NOT NULL OR NEW.idempotency_key IS NOT NULL) EXECUTE FUNCTION refuse_archived_keys();
`;

/* Other programs change the archive rarely, so everything is read again then. The move sets mes.announced. */
const notifications = `
  CREATE FUNCTION notify_of_archive() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
  BEGIN
    IF coalesce(current_setting('mes.announced', true), '') = '' THEN
      PERFORM tell_of_change(ARRAY['epoch']);
    END IF;
    RETURN NULL;
  END $$;

  CREATE TRIGGER archived_orders_notify AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON archived_orders
    FOR EACH STATEMENT EXECUTE FUNCTION notify_of_archive();
  ALTER TABLE archived_orders ENABLE ALWAYS TRIGGER archived_orders_notify;
  CREATE TRIGGER archived_order_status_changes_notify AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE
    ON archived_order_status_changes FOR EACH STATEMENT EXECUTE FUNCTION notify_of_archive();
  ALTER TABLE archived_order_status_changes ENABLE ALWAYS TRIGGER archived_order_status_changes_notify;
`;

/*
 * Looks at the next orders that are CLOSED or CANCELLED, and moves those that were not changed for so long. It reads a bounded range of
 * orders_by_age, whatever the number of orders. A pass ends at the orders that are too young; the next one begins at the oldest.
 *
 * Nothing waits: orders that others have locked are left to the next pass. Nothing happens while another instance moves orders, while
 * not all instances use the store that was told of the move, or while another writer has the counters of this session.
 *
 * The role of the API may call the function, and may delete no order by itself. Temporary tables come last in the search path,
 * so that a caller cannot put one in the place of a table.
 */
function move(schema: string): string {
  const range = (status: string): string => `(
        SELECT o.id, o.created_at FROM orders o
        WHERE o.status = '${status}' AND (o.created_at, o.id) > (place.created_at, place.id) AND o.created_at < now() - age
        ORDER BY o.created_at, o.id LIMIT most
      )`;
  return `
  CREATE FUNCTION archive_orders(
    announced_to text, age interval, most integer, pause interval, rest interval, OUT moved integer, OUT is_more boolean
  ) LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${schema}, pg_temp SET plan_cache_mode = force_custom_plan AS $$
  DECLARE
    my_shard smallint := pg_backend_pid() % 64;
    place order_archiving;
    looked uuid[];
    last_created_at timestamptz;
    old uuid[];
  BEGIN
    moved := 0;
    is_more := false;
    SELECT * INTO place FROM order_archiving WHERE next_at <= clock_timestamp() FOR UPDATE SKIP LOCKED;
    IF NOT FOUND OR NOT announce_write(announced_to) THEN
      RETURN;
    END IF;
    IF NOT pg_try_advisory_xact_lock(1836020000, my_shard) THEN
      is_more := true;
      RETURN;
    END IF;

    SELECT array_agg(next.id ORDER BY next.created_at, next.id), max(next.created_at), count(*) = most
      INTO looked, last_created_at, is_more
      FROM (
        SELECT * FROM (${range('CLOSED')} UNION ALL ${range('CANCELLED')}) AS merged
        ORDER BY merged.created_at, merged.id LIMIT most
      ) AS next;

    SELECT array_agg(free.id) INTO old FROM (
      SELECT o.id FROM orders o
      WHERE o.id = ANY (looked) AND o.status IN ('CLOSED', 'CANCELLED') AND o.updated_at < now() - age
      FOR UPDATE SKIP LOCKED
    ) AS free;
    IF old IS NOT NULL THEN
      PERFORM set_config('mes.archiving', 'on', true);
      WITH history AS (
        DELETE FROM order_status_changes c WHERE c.order_id = ANY (old) RETURNING *
      ), gone AS (
        DELETE FROM orders o WHERE o.id = ANY (old) RETURNING *
      ), kept AS (
        INSERT INTO archived_orders SELECT * FROM gone
      )
      INSERT INTO archived_order_status_changes SELECT * FROM history;
      PERFORM set_config('mes.archiving', '', true);
      moved := cardinality(old);
    END IF;

    IF is_more THEN
      UPDATE order_archiving
        SET created_at = last_created_at, id = looked[most], next_at = clock_timestamp() + pause;
    ELSE
      UPDATE order_archiving SET created_at = DEFAULT, id = DEFAULT, next_at = clock_timestamp() + rest;
    END IF;
  END $$;
  REVOKE EXECUTE ON FUNCTION archive_orders(text, interval, integer, interval, interval) FROM PUBLIC;
  `;
}

const TABLES = [
  ...['orders', 'order_status_changes', 'order_status_counts', 'order_arrivals', 'order_events', 'secrets'],
  'order_milestones',
];
