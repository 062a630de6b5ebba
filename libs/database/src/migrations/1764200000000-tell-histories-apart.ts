import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A name for the history of the database, which changes at a crash: positions in the log of events do not outlive it. */
export class TellHistoriesApart1764200000000 implements MigrationInterface {
  readonly name = 'TellHistoriesApart1764200000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(histories);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE order_event_histories');
  }
}

/*
 * After a crash, PostgreSQL may use numbers of transactions again: those of transactions that changed nothing durable, such as a
 * mere notification. A snapshot from before the crash then says nothing about later transactions. An unlogged table is empty after
 * a crash, so the next name in it is another one.
 */
const histories = `
  CREATE UNLOGGED TABLE order_event_histories (
    is_present boolean PRIMARY KEY DEFAULT true CHECK (is_present),
    name text NOT NULL DEFAULT substr(md5(gen_random_uuid()::text), 1, 8)
  );
`;
