import type { MigrationInterface, QueryRunner } from 'typeorm';
import { stateOf } from './database-state.sql.js';

/** Lets the API notice that its data were replaced, restored to an earlier state, or changed by another program. */
export class NoticeOtherDatabases1764300000000 implements MigrationInterface {
  readonly name = 'NoticeOtherDatabases1764300000000';

  async up(runner: QueryRunner): Promise<void> {
    // Writers lock orders first too, so a writer and this migration cannot deadlock.
    await runner.query(`
      LOCK TABLE orders, order_status_changes, order_status_counts, order_arrivals IN SHARE ROW EXCLUSIVE MODE
    `);
    await runner.query(
      stateOf(TABLES, 18, '^order(s|_status_changes|_status_counts|_arrivals)_(count|notify|log)(_|$)'),
    );
    await runner.query(namespace);
    await runner.query(counting);
    await runner.query(enable('ENABLE ALWAYS'));
    await runner.query('ALTER FUNCTION log_order_events() SET search_path FROM CURRENT');
    await runner.query(triggers);
    await runner.query(`UPDATE secrets SET value = cache_namespace() WHERE name = 'cache-namespace'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TRIGGER order_status_changes_notify_insert ON order_status_changes;
      DROP TRIGGER order_status_changes_notify_update ON order_status_changes;
      DROP TRIGGER order_status_changes_notify_delete ON order_status_changes;
      DROP TRIGGER order_status_changes_notify_truncate ON order_status_changes;
      DROP TRIGGER order_status_counts_notify ON order_status_counts;
      DROP TRIGGER order_arrivals_notify ON order_arrivals;
      DROP FUNCTION notify_of_history(), notify_of_counts(), tell_of_change(text[]);
      DROP FUNCTION cache_namespace(), database_state();
      ALTER FUNCTION log_order_events() RESET search_path;
      CREATE OR REPLACE TRIGGER orders_count_truncate AFTER TRUNCATE ON orders
        FOR EACH STATEMENT EXECUTE FUNCTION count_orders();
      DROP FUNCTION forget_counts();
    `);
    await runner.query(countUnless('false'));
    await runner.query(enable('ENABLE'));
  }
}

const TABLES = ['orders', 'order_status_changes', 'order_status_counts', 'order_arrivals', 'order_events', 'secrets'];

/*
 * The prefix of the keys in Redis. A dump does not contain it: installations made from one dump do not share their keys, and a
 * restore does not change the name. Nor does dropping and creating the database again.
 *
 * Earlier versions of the API, which may still run for a while, read it from the secret `cache-namespace`.
 */
const namespace = `
  CREATE OR REPLACE FUNCTION cache_namespace() RETURNS text LANGUAGE sql STABLE
    RETURN 'mes-' || (
      SELECT left(encode(sha256(convert_to(system_identifier || '/' || current_database(), 'UTF8')), 'hex'), 12)
      FROM pg_control_system()
    );
`;

/*
 * Whether pg_restore writes, in a session that silences triggers: its search path is empty. It restores the counts themselves, so
 * the triggers do not count its orders.
 */
const IS_RESTORE = `current_setting('session_replication_role') = 'replica' AND current_setting('search_path') = ''`;

function countUnless(condition: string): string {
  return `
    CREATE OR REPLACE TRIGGER orders_count_insert AFTER INSERT ON orders
      REFERENCING NEW TABLE AS after_rows FOR EACH STATEMENT WHEN (NOT (${condition})) EXECUTE FUNCTION count_orders();
    CREATE OR REPLACE TRIGGER orders_count_update AFTER UPDATE ON orders
      REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
      FOR EACH STATEMENT WHEN (NOT (${condition})) EXECUTE FUNCTION count_orders();
    CREATE OR REPLACE TRIGGER orders_count_delete AFTER DELETE ON orders
      REFERENCING OLD TABLE AS before_rows FOR EACH STATEMENT WHEN (NOT (${condition})) EXECUTE FUNCTION count_orders();
  `;
}

/* DELETE, because PostgreSQL refuses to truncate the counts within a TRUNCATE that names them as well. */
const counting = `
  ${countUnless(IS_RESTORE)}

  CREATE OR REPLACE FUNCTION forget_counts() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    DELETE FROM order_status_counts;
    DELETE FROM order_arrivals;
    RETURN NULL;
  END $$;

  CREATE OR REPLACE TRIGGER orders_count_truncate AFTER TRUNCATE ON orders
    FOR EACH STATEMENT EXECUTE FUNCTION forget_counts();
`;

/** Enables the triggers of orders. With ENABLE ALWAYS, session_replication_role does not silence them. */
function enable(how: 'ENABLE' | 'ENABLE ALWAYS'): string {
  const names = ['count', 'notify', 'log'].flatMap((purpose) =>
    ['insert', 'update', 'delete', 'truncate'].map((event) => `orders_${purpose}_${event}`),
  );
  return `ALTER TABLE orders ${names.map((name) => `${how} TRIGGER ${name}`).join(', ')}`;
}

/*
 * Triggers that report changes of the history and of the counts by other programs.
 *
 * The API writes the history together with an order, whose triggers report the write, and sets mes.announced for each write. A
 * write of history without that setting comes from another program.
 *
 * The deletion of an order deletes its history too; the triggers of the order report it.
 *
 * The triggers of orders write the counts, one trigger level down. A write on the first level comes from another program.
 *
 * The functions have their own search path, since that of pg_restore is empty.
 */
const triggers = `
  CREATE OR REPLACE FUNCTION tell_of_change(tags text[]) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
  BEGIN
    PERFORM pg_notify('mes_evictions', json_build_object('tags', tags)::text);
    INSERT INTO order_events (type, announced)
      SELECT 'reset', false
      WHERE NOT EXISTS (SELECT FROM order_events WHERE xid = pg_current_xact_id() AND type = 'reset');
  END $$;

  CREATE OR REPLACE FUNCTION notify_of_history() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
  DECLARE
    most CONSTANT integer := 100;
    tags text[];
  BEGIN
    IF coalesce(current_setting('mes.announced', true), '') <> '' THEN
      RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
      SELECT array_agg('order:' || order_id) INTO tags
        FROM (SELECT DISTINCT order_id FROM after_rows LIMIT most + 1) AS touched;
    ELSIF TG_OP = 'UPDATE' THEN
      SELECT array_agg('order:' || order_id) INTO tags
        FROM (SELECT order_id FROM before_rows UNION SELECT order_id FROM after_rows LIMIT most + 1) AS touched;
    ELSIF TG_OP = 'DELETE' THEN
      SELECT array_agg('order:' || order_id) INTO tags
        FROM (SELECT DISTINCT order_id FROM before_rows JOIN orders ON orders.id = order_id LIMIT most + 1) AS touched;
    ELSE
      tags := ARRAY['epoch'];
    END IF;
    IF tags IS NULL THEN
      RETURN NULL;
    END IF;
    IF cardinality(tags) > most THEN
      tags := ARRAY['epoch'];
    END IF;
    PERFORM tell_of_change(tags);
    RETURN NULL;
  END $$;

  CREATE TRIGGER order_status_changes_notify_insert AFTER INSERT ON order_status_changes
    REFERENCING NEW TABLE AS after_rows FOR EACH STATEMENT EXECUTE FUNCTION notify_of_history();
  CREATE TRIGGER order_status_changes_notify_update AFTER UPDATE ON order_status_changes
    REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows FOR EACH STATEMENT EXECUTE FUNCTION notify_of_history();
  CREATE TRIGGER order_status_changes_notify_delete AFTER DELETE ON order_status_changes
    REFERENCING OLD TABLE AS before_rows FOR EACH STATEMENT EXECUTE FUNCTION notify_of_history();
  CREATE TRIGGER order_status_changes_notify_truncate AFTER TRUNCATE ON order_status_changes
    FOR EACH STATEMENT EXECUTE FUNCTION notify_of_history();
  ALTER TABLE order_status_changes
    ENABLE ALWAYS TRIGGER order_status_changes_notify_insert,
    ENABLE ALWAYS TRIGGER order_status_changes_notify_update,
    ENABLE ALWAYS TRIGGER order_status_changes_notify_delete,
    ENABLE ALWAYS TRIGGER order_status_changes_notify_truncate;

  CREATE OR REPLACE FUNCTION notify_of_counts() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
  BEGIN
    PERFORM tell_of_change(ARRAY['orders:counts']);
    RETURN NULL;
  END $$;

  CREATE TRIGGER order_status_counts_notify AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON order_status_counts
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION notify_of_counts();
  ALTER TABLE order_status_counts ENABLE ALWAYS TRIGGER order_status_counts_notify;
  CREATE TRIGGER order_arrivals_notify AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON order_arrivals
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION notify_of_counts();
  ALTER TABLE order_arrivals ENABLE ALWAYS TRIGGER order_arrivals_notify;
`;
