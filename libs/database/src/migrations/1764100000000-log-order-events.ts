import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A log of recent events of orders, for clients that follow them live. */
export class LogOrderEvents1764100000000 implements MigrationInterface {
  readonly name = 'LogOrderEvents1764100000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(log);
    await runner.query(triggers);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TRIGGER orders_log_insert ON orders;
      DROP TRIGGER orders_log_update ON orders;
      DROP TRIGGER orders_log_delete ON orders;
      DROP TRIGGER orders_log_truncate ON orders;
      DROP FUNCTION log_order_events();
      DROP TABLE order_event_horizons, order_events;
      DROP TYPE order_event_type;
    `);
  }
}

/*
 * Transactions commit in another order than they take their numbers, so a reader cannot go by seq. It remembers a snapshot, and
 * asks for the events whose xid has become visible since.
 * announced: the write was announced to the cache, which then invalidates by itself.
 * A reset has no order: anything may have changed.
 * The events visible in a pruned horizon are deleted, or will be. A reader that lacks any of them has to load everything again.
 */
const log = `
  CREATE TYPE order_event_type AS ENUM ('order.created', 'order.status-changed', 'reset');

  CREATE TABLE order_events (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    type order_event_type NOT NULL,
    announced boolean NOT NULL,
    order_id uuid,
    number integer,
    version integer,
    from_status order_status,
    status order_status,
    priority order_priority,
    material text,
    assignee text,
    CHECK (type = 'reset' OR (order_id IS NOT NULL AND number IS NOT NULL AND version IS NOT NULL AND status IS NOT NULL)),
    CHECK ((type = 'order.status-changed') = (from_status IS NOT NULL))
  );
  CREATE INDEX order_events_by_transaction ON order_events (xid);

  CREATE TABLE order_event_horizons (
    taken_at timestamptz PRIMARY KEY DEFAULT clock_timestamp(),
    snapshot pg_snapshot NOT NULL DEFAULT pg_current_snapshot(),
    is_pruned boolean NOT NULL DEFAULT false
  );
`;

/*
 * A statement that changes more than 1,000 orders, or changes them in a way that is no event, leaves one reset: to load everything
 * again costs less than an event for each.
 */
const triggers = `
  CREATE FUNCTION log_order_events() RETURNS trigger LANGUAGE plpgsql AS $$
  DECLARE
    most CONSTANT integer := 1000;
    is_announced boolean := coalesce(current_setting('mes.announced', true), '') = 'on';
    touched integer;
    moved integer;
  BEGIN
    IF TG_OP = 'INSERT' THEN
      SELECT count(*) INTO touched FROM (SELECT FROM after_rows LIMIT most + 1) AS few;
      IF touched = 0 THEN
        RETURN NULL;
      END IF;
      IF touched <= most THEN
        INSERT INTO order_events (type, announced, order_id, number, version, status, priority, material)
          SELECT 'order.created', is_announced, id, number, version, status, priority, material
          FROM after_rows ORDER BY number;
        RETURN NULL;
      END IF;
    ELSIF TG_OP = 'UPDATE' THEN
      SELECT count(*) INTO touched FROM (SELECT FROM after_rows LIMIT most + 1) AS few;
      IF touched = 0 THEN
        RETURN NULL;
      END IF;
      IF touched <= most THEN
        SELECT count(*) INTO moved FROM after_rows a JOIN before_rows b USING (id) WHERE a.status <> b.status;
        IF moved = touched THEN
          INSERT INTO order_events (type, announced, order_id, number, version, from_status, status, assignee)
            SELECT 'order.status-changed', is_announced, id, a.number, a.version, b.status, a.status, a.assignee
            FROM after_rows a JOIN before_rows b USING (id) ORDER BY a.number;
          RETURN NULL;
        END IF;
      END IF;
    ELSIF TG_OP = 'DELETE' THEN
      IF NOT EXISTS (SELECT FROM before_rows) THEN
        RETURN NULL;
      END IF;
    END IF;
    INSERT INTO order_events (type, announced) VALUES ('reset', false);
    RETURN NULL;
  END $$;

  CREATE TRIGGER orders_log_insert AFTER INSERT ON orders
    REFERENCING NEW TABLE AS after_rows FOR EACH STATEMENT EXECUTE FUNCTION log_order_events();
  CREATE TRIGGER orders_log_update AFTER UPDATE ON orders
    REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows FOR EACH STATEMENT EXECUTE FUNCTION log_order_events();
  CREATE TRIGGER orders_log_delete AFTER DELETE ON orders
    REFERENCING OLD TABLE AS before_rows FOR EACH STATEMENT EXECUTE FUNCTION log_order_events();
  CREATE TRIGGER orders_log_truncate AFTER TRUNCATE ON orders
    FOR EACH STATEMENT EXECUTE FUNCTION log_order_events();
`;
