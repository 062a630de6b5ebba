import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Indexes for the lists of the orders that are on hold for a reason, one for every sort; and statistics, so that PostgreSQL knows how
 * many these are. It would take the status and the reason for independent, and rather sort what it takes for a few orders.
 */
export class ListByHoldReason1764900000000 implements MigrationInterface {
  readonly name = 'ListByHoldReason1764900000000';

  /** Indexes that are built while others write cannot be built in a transaction. */
  readonly transaction = false;

  /** Nobody waits. An interruption may leave an index that is not valid, so each is built anew. */
  async up(runner: QueryRunner): Promise<void> {
    for (const [name, columns] of INDEXES) {
      await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS ${name}`);
      await runner.query(
        `CREATE INDEX CONCURRENTLY ${name} ON orders (hold_reason, status, ${columns}) WHERE hold_reason IS NOT NULL`,
      );
    }
    await runner.query('CREATE STATISTICS IF NOT EXISTS orders_hold_reasons (mcv) ON status, hold_reason FROM orders');
    await runner.query('ANALYZE orders (status, hold_reason)');
  }

  /** Runs in a transaction. It waits for writers, and takes no time itself. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP STATISTICS orders_hold_reasons');
    for (const [name] of INDEXES) await runner.query(`DROP INDEX ${name}`);
  }
}

const INDEXES = [
  ['orders_by_hold_reason_age', 'created_at, id, due_sort'],
  ['orders_by_hold_reason_due', 'due_sort, id, created_at'],
  ['orders_by_hold_reason_priority', 'urgency, created_at, id'],
] as const;
