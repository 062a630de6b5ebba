import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The counts of orders by status and priority, in place of those by status alone. */
export class CountByPriority1764700000000 implements MigrationInterface {
  readonly name = 'CountByPriority1764700000000';

  /**
   * Writers wait until all orders are counted, a second for a million of them. Readers of the counts wait a moment at the end.
   *
   * Earlier versions of the API, which may still run for a while, sum the counts of each status, whatever the priority.
   */
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(LOCK);
    await runner.query(`
      CREATE TEMPORARY TABLE counted ON COMMIT DROP AS
        SELECT status, priority, count(*) FROM orders GROUP BY status, priority
    `);
    await runner.query(`
      DELETE FROM order_status_counts;
      ALTER TABLE order_status_counts
        ADD COLUMN priority order_priority NOT NULL,
        DROP CONSTRAINT order_status_counts_pkey,
        ADD PRIMARY KEY (status, priority, shard);
      INSERT INTO order_status_counts (status, priority, shard, count) SELECT status, priority, 0, count FROM counted;
    `);
    await runner.query(countBy('status, priority'));
    await runner.query(notifyOfCounts(TAGS_OF_THE_TABLE));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(LOCK);
    await runner.query(`
      CREATE TEMPORARY TABLE counted ON COMMIT DROP AS
        SELECT status, sum(count) AS count FROM order_status_counts GROUP BY status;
      DELETE FROM order_status_counts;
      ALTER TABLE order_status_counts DROP COLUMN priority, ADD PRIMARY KEY (status, shard);
      INSERT INTO order_status_counts (status, shard, count) SELECT status, 0, count FROM counted;
    `);
    await runner.query(countBy('status'));
    await runner.query(notifyOfCounts(`ARRAY['orders:counts']`));
  }
}

/* Writers lock orders first too, so a writer and this migration cannot deadlock. */
const LOCK = 'LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE';

/** The function of the triggers that count. */
function countBy(columns: string): string {
  return `
  CREATE OR REPLACE FUNCTION count_orders() RETURNS trigger LANGUAGE plpgsql AS $$
  DECLARE
    my_shard smallint := pg_backend_pid() % 64;
  BEGIN
    IF TG_OP = 'TRUNCATE' THEN
      TRUNCATE order_status_counts, order_arrivals;
      RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock(1836020000, my_shard);
    IF TG_OP = 'INSERT' THEN
      INSERT INTO order_status_counts AS c (${columns}, shard, count)
        SELECT ${columns}, my_shard, count(*) FROM after_rows GROUP BY ${columns}
        ON CONFLICT (${columns}, shard) DO UPDATE SET count = c.count + excluded.count;
      INSERT INTO order_arrivals AS c (hour, shard, count)
        SELECT date_trunc('hour', created_at, 'UTC'), my_shard, count(*) FROM after_rows GROUP BY 1
        ON CONFLICT (hour, shard) DO UPDATE SET count = c.count + excluded.count;
    ELSIF TG_OP = 'UPDATE' THEN
      INSERT INTO order_status_counts AS c (${columns}, shard, count)
        SELECT ${columns}, my_shard, sum(delta) FROM (
          SELECT ${columns}, 1 AS delta FROM after_rows UNION ALL SELECT ${columns}, -1 FROM before_rows
        ) AS moves GROUP BY ${columns} HAVING sum(delta) <> 0
        ON CONFLICT (${columns}, shard) DO UPDATE SET count = c.count + excluded.count;
    ELSE
      INSERT INTO order_status_counts AS c (${columns}, shard, count)
        SELECT ${columns}, my_shard, -count(*) FROM before_rows GROUP BY ${columns}
        ON CONFLICT (${columns}, shard) DO UPDATE SET count = c.count + excluded.count;
      INSERT INTO order_arrivals AS c (hour, shard, count)
        SELECT date_trunc('hour', created_at, 'UTC'), my_shard, -count(*) FROM before_rows GROUP BY 1
        ON CONFLICT (hour, shard) DO UPDATE SET count = c.count + excluded.count;
    END IF;
    RETURN NULL;
  END $$;
  `;
}

/* A total has the tags of its list, so writes to other lists do not invalidate it. */
const TAGS_OF_THE_TABLE = `
      CASE TG_TABLE_NAME WHEN 'order_status_counts' THEN
        ARRAY(SELECT 'orders:' || status FROM unnest(enum_range(NULL::order_status)) AS status)
      END || 'orders:counts'::text`;

/** The function of the triggers that report changes of the counts by other programs. */
function notifyOfCounts(tags: string): string {
  return `
  CREATE OR REPLACE FUNCTION notify_of_counts() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
  BEGIN
    PERFORM tell_of_change(${tags});
    RETURN NULL;
  END $$;
  `;
}
