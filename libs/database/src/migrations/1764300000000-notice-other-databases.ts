import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Lets the instances notice that the database is another one, or in another state, than what they have cached came from. */
export class NoticeOtherDatabases1764300000000 implements MigrationInterface {
  readonly name = 'NoticeOtherDatabases1764300000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(identity);
    await runner.query(changes);
    await runner.query(always('ENABLE ALWAYS TRIGGER'));
    await runner.query(`DELETE FROM secrets WHERE name = 'cache-namespace'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(always('ENABLE TRIGGER'));
    await runner.query(`
      INSERT INTO secrets VALUES ('cache-namespace', 'mes-' || left(gen_random_uuid()::text, 8));
      DROP FUNCTION notify_of_details() CASCADE;
      DROP FUNCTION database_state();
      DROP FUNCTION cache_namespace();
    `);
  }
}

/*
 * database_state() changes when rows may have been replaced without any trigger, or when the database may have gone back:
 * another server, a start, a crash (the name in the unlogged table is lost), tables that were made anew, swapped, emptied or
 * rewritten, triggers that were switched off and on. It says nothing of what triggers notify of, and does not change by normal
 * writes or maintenance, but for VACUUM FULL. Tables that are missing for a moment, as during a restore, do not fail it.
 * cache_namespace() names the database for as long as it exists, whatever is restored into it: keys in Redis begin with it, so
 * that databases that come from one dump never meet there.
 */
const identity = `
  CREATE FUNCTION database_state() RETURNS text LANGUAGE sql STABLE AS $$
    WITH tables AS (
      SELECT to_regclass(name) AS oid
      FROM unnest(ARRAY[
        'orders', 'order_status_changes', 'order_status_counts', 'order_arrivals', 'order_events', 'secrets'
      ]) AS name
    )
    SELECT md5(concat_ws(' ',
      (SELECT system_identifier FROM pg_control_system()),
      (SELECT oid FROM pg_database WHERE datname = current_database()),
      extract(epoch FROM pg_postmaster_start_time()),
      (SELECT name FROM order_event_histories),
      (SELECT string_agg(concat_ws('/', c.oid, c.relfilenode), ' ' ORDER BY c.relname) FROM pg_class c JOIN tables USING (oid)),
      (SELECT string_agg(concat_ws('/', t.oid, t.xmin, t.tgenabled), ' ' ORDER BY t.oid)
        FROM pg_trigger t JOIN tables ON t.tgrelid = tables.oid)
    ))
  $$;

  CREATE FUNCTION cache_namespace() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT 'mes-' || left(md5(s.system_identifier || '/' || d.oid), 12)
    FROM pg_control_system() s, pg_database d WHERE d.datname = current_database()
  $$;
`;

/*
 * The history and the counts are written by the API together with the orders, whose triggers tell of that, and by triggers.
 * Whoever else writes them is told of here. mes.announced is set in each write of the API, to either value, and in no other.
 */
const changes = `
  CREATE FUNCTION notify_of_details() RETURNS trigger LANGUAGE plpgsql AS $$
  DECLARE
    tags text[] := ARRAY['epoch'];
  BEGIN
    IF current_setting('mes.announced', true) IN ('on', 'off') THEN
      RETURN NULL;
    END IF;
    IF TG_TABLE_NAME <> 'order_status_changes' THEN
      tags := ARRAY['orders:counts'];
    ELSIF TG_OP = 'INSERT' THEN
      SELECT array_agg('order:' || order_id) INTO tags FROM (SELECT DISTINCT order_id FROM after_rows LIMIT 101) AS touched;
    ELSIF TG_OP = 'DELETE' THEN
      SELECT array_agg('order:' || order_id) INTO tags FROM (SELECT DISTINCT order_id FROM before_rows LIMIT 101) AS touched;
    ELSIF TG_OP = 'UPDATE' THEN
      SELECT array_agg('order:' || order_id) INTO tags FROM (
        SELECT order_id FROM (SELECT order_id FROM before_rows UNION SELECT order_id FROM after_rows) AS both_rows LIMIT 101
      ) AS touched;
    END IF;
    IF tags IS NULL THEN
      RETURN NULL;
    END IF;
    IF cardinality(tags) > 100 THEN
      tags := ARRAY['epoch'];
    END IF;
    INSERT INTO order_events (type, announced) VALUES ('reset', false);
    PERFORM pg_notify('mes_evictions', json_build_object('tags', tags)::text);
    RETURN NULL;
  END $$;

  CREATE TRIGGER changes_notify_insert AFTER INSERT ON order_status_changes
    REFERENCING NEW TABLE AS after_rows FOR EACH STATEMENT EXECUTE FUNCTION notify_of_details();
  CREATE TRIGGER changes_notify_update AFTER UPDATE ON order_status_changes
    REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows FOR EACH STATEMENT EXECUTE FUNCTION notify_of_details();
  CREATE TRIGGER changes_notify_delete AFTER DELETE ON order_status_changes
    REFERENCING OLD TABLE AS before_rows FOR EACH STATEMENT EXECUTE FUNCTION notify_of_details();
  CREATE TRIGGER changes_notify_truncate AFTER TRUNCATE ON order_status_changes
    FOR EACH STATEMENT EXECUTE FUNCTION notify_of_details();
  CREATE TRIGGER counts_notify AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON order_status_counts
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION notify_of_details();
  CREATE TRIGGER arrivals_notify AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON order_arrivals
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION notify_of_details();
`;

/** By default, triggers are silent in sessions that apply what was changed elsewhere: session_replication_role. */
function always(enable: 'ENABLE ALWAYS TRIGGER' | 'ENABLE TRIGGER'): string {
  const telling: Readonly<Record<string, readonly string[]>> = {
    orders: ['notify', 'log'].flatMap((kind) =>
      ['insert', 'update', 'delete', 'truncate'].map((operation) => `orders_${kind}_${operation}`),
    ),
    order_status_changes: ['insert', 'update', 'delete', 'truncate'].map((operation) => `changes_notify_${operation}`),
    order_status_counts: ['counts_notify'],
    order_arrivals: ['arrivals_notify'],
  };
  return Object.entries(telling)
    .map(([table, triggers]) => `ALTER TABLE ${table} ${triggers.map((name) => `${enable} ${name}`).join(', ')};`)
    .join('\n');
}
