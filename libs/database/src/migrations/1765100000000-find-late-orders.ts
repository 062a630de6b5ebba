import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * An index of the orders that are not finished, by priority and due date. The dashboard counts a range of it, without reading the
 * orders. Finished orders, which are almost all, are not in it.
 */
export class FindLateOrders1765100000000 implements MigrationInterface {
  readonly name = 'FindLateOrders1765100000000';

  /** An index that is built while others write cannot be built in a transaction. */
  readonly transaction = false;

  /** Nobody waits. An interruption may leave an index that is not valid, so it is built anew. */
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX CONCURRENTLY IF EXISTS orders_unfinished_by_due');
    await runner.query(`
      CREATE INDEX CONCURRENTLY orders_unfinished_by_due ON orders (status, urgency, due_sort)
      WHERE status IN ('NEW', 'MANUFACTURING_STARTED', 'MANUFACTURING_COMPLETED', 'PACKAGING', 'ON_HOLD')
    `);
  }

  /** Runs in a transaction. It waits for writers, and takes no time itself. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX orders_unfinished_by_due');
  }
}
