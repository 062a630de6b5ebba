import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The reason of each pause, and the past changes of priority, due date and assignee. The next migration validates the constraints,
 * which takes too long while nobody can read.
 */
export class KeepChangesOfOrders1764600000000 implements MigrationInterface {
  readonly name = 'KeepChangesOfOrders1764600000000';

  async up(runner: QueryRunner): Promise<void> {
    // Writers lock orders first too, so a writer and this migration cannot deadlock.
    await runner.query('LOCK TABLE orders, order_status_changes IN ACCESS EXCLUSIVE MODE');
    await runner.query(reasons);
    await runner.query(history);
    // PostgreSQL cannot remove a value of an enum, so the value may exist already.
    await runner.query(`ALTER TYPE order_event_type ADD VALUE IF NOT EXISTS 'order.changed' BEFORE 'reset'`);
    await runner.query(logUpdates(CHANGE_OF_THE_API));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('LOCK TABLE orders, order_status_changes IN ACCESS EXCLUSIVE MODE');
    await runner.query(`DELETE FROM order_events WHERE type = 'order.changed'`);
    await runner.query(logUpdates(''));
    await runner.query(`
      DELETE FROM order_status_changes WHERE changes IS NOT NULL;
      ALTER TABLE order_status_changes
        DROP CONSTRAINT order_status_changes_are_either,
        DROP COLUMN changes,
        DROP COLUMN reason,
        ALTER COLUMN from_status SET NOT NULL,
        ALTER COLUMN to_status SET NOT NULL;
      DROP TRIGGER orders_complete_hold ON orders;
      DROP FUNCTION complete_hold();
      ALTER TABLE orders DROP COLUMN hold_reason;
      DROP TYPE hold_reason;
    `);
  }
}

/*
 * An order has a reason exactly while it is on hold. The trigger sees to that for writers that know no reasons: earlier versions of
 * the API, which may still run for a while, and other programs.
 */
const reasons = `
  CREATE TYPE hold_reason AS ENUM ('MATERIAL_MISSING', 'TOOL_DOWN', 'QUESTION', 'QUALITY', 'BREAK', 'OTHER');

  ALTER TABLE orders ADD COLUMN hold_reason hold_reason;
  UPDATE orders SET hold_reason = 'OTHER' WHERE status = 'ON_HOLD';
  ALTER TABLE orders ADD CONSTRAINT orders_hold_has_reason 
    CHECK ((status = 'ON_HOLD') = (hold_reason IS NOT NULL)) NOT VALID;

  CREATE FUNCTION complete_hold() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
  BEGIN
    NEW.hold_reason := CASE WHEN NEW.status = 'ON_HOLD' THEN 'OTHER'::hold_reason END;
    RETURN NEW;
  END $$;

  CREATE TRIGGER orders_complete_hold BEFORE INSERT OR UPDATE ON orders
    FOR EACH ROW WHEN ((NEW.status = 'ON_HOLD') <> (NEW.hold_reason IS NOT NULL)) EXECUTE FUNCTION complete_hold();
  ALTER TABLE orders ENABLE ALWAYS TRIGGER orders_complete_hold;
`;

/*
 * A row is either a status change or a change of fields: changes is then a list of {field, from, to}, without from or to where the
 * field had or has no value. Pauses from before this migration have no reason.
 */
const history = `
  ALTER TABLE order_status_changes
    ALTER COLUMN from_status DROP NOT NULL,
    ALTER COLUMN to_status DROP NOT NULL,
    ADD COLUMN reason hold_reason,
    ADD COLUMN changes jsonb,
    ADD CONSTRAINT order_status_changes_are_either CHECK (
      (from_status IS NULL) = (changes IS NOT NULL) AND (to_status IS NULL) = (changes IS NOT NULL)
      AND (reason IS NULL OR to_status = 'ON_HOLD')
    ) NOT VALID;
`;

/* The condition: the API has written, and no status has changed. Other programs may have changed anything. */
const CHANGE_OF_THE_API = `
        IF moved = 0 AND coalesce(current_setting('mes.announced', true), '') <> '' THEN
          INSERT INTO order_events (type, announced, order_id, number, version, status, priority, assignee)
            SELECT 'order.changed', is_announced, id, number, version, status, priority, assignee
            FROM after_rows ORDER BY number;
          RETURN NULL;
        END IF;`;

/** The function that logs events, with a further case of an UPDATE. */
function logUpdates(further: string): string {
  return `
  CREATE OR REPLACE FUNCTION log_order_events() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
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
        END IF;${further}
      END IF;
    ELSIF TG_OP = 'DELETE' THEN
      IF NOT EXISTS (SELECT FROM before_rows) THEN
        RETURN NULL;
      END IF;
    END IF;
    INSERT INTO order_events (type, announced) VALUES ('reset', false);
    RETURN NULL;
  END $$;
  `;
}
