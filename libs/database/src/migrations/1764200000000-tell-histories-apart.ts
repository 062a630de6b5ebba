import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Lets positions in the log of events be told apart from those of before a crash. */
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
 * After a crash, PostgreSQL gives transactions the numbers of others that it has forgotten: of such that had not changed anything
 * that must last, as those that only notified. Snapshots from before the crash say nothing of what came after it, then. An
 * unlogged table is empty after a crash, so the name that is put into it next is another one.
 */
const histories = `
  CREATE UNLOGGED TABLE order_event_histories (
    is_present boolean PRIMARY KEY DEFAULT true CHECK (is_present),
    name text NOT NULL DEFAULT substr(md5(gen_random_uuid()::text), 1, 8)
  );
`;
