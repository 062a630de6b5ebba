import type pg from 'pg';
import { insertOrdersSql } from './insert-orders.sql.js';

/** Rows that one statement inserts: enough that its overhead is nothing, few enough to show progress. */
const CHUNK = 250_000;
/** So many rows has each counter, as the trigger of `orders` leaves them. */
const SHARDS = 64;

/**
 * Fills an empty, migrated database with orders of the past four years, by SQL alone: ten million in ten minutes. The same
 * count gives the same orders, but for the times, which end now.
 *
 * Indexes that serve no constraint are made afterwards, since building one is far cheaper than keeping it up to date, and
 * the counters are counted once. All in one transaction: if anything fails, the database is as it was.
 *
 * @param onProgress told of how many orders are inserted; the indexes, which come after the last, take longer than these
 */
export async function fillOrders(client: pg.Client, count: number, onProgress?: (done: number) => void): Promise<void> {
  await client.query('BEGIN');
  try {
    await refuseToAdd(client);
    await client.query(`SET LOCAL maintenance_work_mem = '1GB'; SET LOCAL max_parallel_maintenance_workers = 2`);
    await client.query('ALTER TABLE orders DISABLE TRIGGER USER');
    const indexes = await dropIndexes(client);
    await insert(client, count, onProgress);
    for (const index of indexes) await client.query(index);
    await fillCounters(client);
    await client.query('ALTER TABLE orders ENABLE TRIGGER USER');
    await client.query(`SELECT setval(pg_get_serial_sequence('orders', 'number'), $1)`, [count]);
    await client.query('COMMIT');
  } catch (error) {
    // What made it fail may have ended the connection, and the transaction with it.
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
  await client.query('VACUUM (ANALYZE) orders, order_status_counts, order_arrivals');
}

async function refuseToAdd(client: pg.Client): Promise<void> {
  const { rows } = await client.query('SELECT FROM orders LIMIT 1');
  if (rows.length > 0) throw new Error('there are orders already');
}

/** @returns what makes them again */
async function dropIndexes(client: pg.Client): Promise<string[]> {
  // What serves a constraint stays: it is in the order of insertion, and therefore cheap.
  const { rows } = await client.query<{ name: string; definition: string }>(
    `SELECT format('%I.%I', schemaname, indexname) AS name, indexdef AS definition FROM pg_indexes
     WHERE schemaname = current_schema() AND tablename = 'orders' AND NOT EXISTS (
       SELECT FROM pg_constraint WHERE conindid = format('%I.%I', schemaname, indexname)::regclass)
     ORDER BY indexname`,
  );
  for (const { name } of rows) await client.query(`DROP INDEX ${name}`);
  return rows.map(({ definition }) => definition);
}

async function insert(client: pg.Client, count: number, onProgress?: (done: number) => void): Promise<void> {
  const { sql, parameters } = insertOrdersSql({ count, until: Date.now() });
  for (let done = 0; done < count;) {
    const last = Math.min(done + CHUNK, count);
    await client.query(sql, [done + 1, last, ...parameters]);
    done = last;
    onProgress?.(done);
  }
}

async function fillCounters(client: pg.Client): Promise<void> {
  await client.query('TRUNCATE order_status_counts, order_arrivals');
  await client.query(
    `INSERT INTO order_status_counts (status, shard, count)
     SELECT status, number % ${SHARDS}, count(*) FROM orders GROUP BY 1, 2 ORDER BY 1, 2`,
  );
  await client.query(
    `INSERT INTO order_arrivals (hour, shard, count)
     SELECT date_trunc('hour', created_at, 'UTC'), number % ${SHARDS}, count(*) FROM orders GROUP BY 1, 2 ORDER BY 1, 2`,
  );
}
