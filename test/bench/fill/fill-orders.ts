import type pg from 'pg';
import { insertOrdersSql } from './insert-orders.sql.js';

/** Number of rows that one statement inserts: its overhead is negligible, and progress can still be shown. */
const CHUNK = 250_000;
/** Number of rows of each counter, the same as in the trigger of `orders`. */
const SHARDS = 64;

/**
 * Fills an empty, migrated database with orders of the past four years. It uses SQL only and needs ten minutes for ten million
 * orders. The same count gives the same orders, except that their times end now.
 *
 * The indexes that serve no constraint are built after the orders, because that is far cheaper than updating them, and the
 * counters are computed once. Everything is one transaction: after a failure the database is unchanged.
 *
 * @param onProgress called with the number of inserted orders; building the indexes afterwards takes longer than that
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
    // The failure may have ended the connection, and the transaction with it.
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
  await client.query('VACUUM (ANALYZE) orders, order_status_counts, order_arrivals');
}

async function refuseToAdd(client: pg.Client): Promise<void> {
  const { rows } = await client.query('SELECT FROM orders LIMIT 1');
  if (rows.length > 0) throw new Error('the database already has orders');
}

/** @returns the statements that create the indexes again */
async function dropIndexes(client: pg.Client): Promise<string[]> {
  // An index that serves a constraint stays: it is in the order of insertion and therefore cheap.
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
    `INSERT INTO order_status_counts (status, priority, shard, count)
     SELECT status, priority, number % ${SHARDS}, count(*) FROM orders GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
  );
  await client.query(
    `INSERT INTO order_arrivals (hour, shard, count)
     SELECT date_trunc('hour', created_at, 'UTC'), number % ${SHARDS}, count(*) FROM orders GROUP BY 1, 2 ORDER BY 1, 2`,
  );
}
