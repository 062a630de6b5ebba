/**
 * The function `database_state()`: a digest that changes when the data may have been replaced or restored to an earlier state, so that
 * nothing read before is valid:
 *
 * - another cluster, another database of it, or a restart of the server (a failover, a recovery to a point in time);
 * - a crash: PostgreSQL then discards its statistics, and notes the time;
 * - other tables under the same names, or other files under the same tables: DROP and CREATE, renaming, TRUNCATE;
 * - triggers that were disabled and enabled again: their rows in the catalogue then have other versions.
 *
 * As long as a trigger that reports writes is missing or disabled, the digest also counts the writes.
 *
 * It reads catalogues only, so it does not wait for a transaction that restores tables and holds their locks.
 *
 * @param names of the tables
 * @param reporting number of the triggers that report writes
 * @param triggerNames regular expression for their names
 */
export function stateOf(names: readonly string[], reporting: number, triggerNames: string): string {
  return `
  CREATE OR REPLACE FUNCTION database_state() RETURNS text LANGUAGE plpgsql STABLE AS $$
  BEGIN
    RETURN (
      WITH tables AS MATERIALIZED (
        SELECT oid, relfilenode FROM pg_class
        WHERE relname IN ('${names.join("', '")}')
          AND pg_table_is_visible(oid)
      ), table_triggers AS MATERIALIZED (
        SELECT t.oid, t.xmin, t.tgname, t.tgenabled FROM tables JOIN pg_trigger t ON t.tgrelid = tables.oid
        WHERE NOT t.tgisinternal
      ), telling AS (
        SELECT count(*) = ${reporting} AS all_writes FROM table_triggers
        WHERE tgenabled <> 'D' AND tgname ~ '${triggerNames}'
      )
      SELECT left(encode(sha256(convert_to(concat_ws(
        '/',
        (SELECT system_identifier FROM pg_control_system()),
        (SELECT oid FROM pg_database WHERE datname = current_database()),
        extract(epoch FROM pg_postmaster_start_time()),
        extract(epoch FROM pg_stat_get_bgwriter_stat_reset_time()),
        (SELECT string_agg(concat(oid, '=', relfilenode), ',' ORDER BY oid) FROM tables),
        (SELECT string_agg(concat(oid, '=', xmin, tgenabled), ',' ORDER BY oid) FROM table_triggers),
        (SELECT sum(pg_stat_get_tuples_inserted(oid) + pg_stat_get_tuples_updated(oid) + pg_stat_get_tuples_deleted(oid))
         FROM tables, telling WHERE NOT all_writes)
      ), 'UTF8')), 'hex'), 16)
    );
  END $$;
  `;
}
