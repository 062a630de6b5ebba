import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Reads all orders and their history to validate the constraints of the migration before. Readers and writers go on meanwhile. */
export class ValidateChangesOfOrders1764650000000 implements MigrationInterface {
  readonly name = 'ValidateChangesOfOrders1764650000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE orders VALIDATE CONSTRAINT orders_hold_has_reason');
    await runner.query('ALTER TABLE order_status_changes VALIDATE CONSTRAINT order_status_changes_are_either');
  }

  /** A valid constraint need not become invalid again: the migration before drops it. */
  down(): Promise<void> {
    return Promise.resolve();
  }
}
