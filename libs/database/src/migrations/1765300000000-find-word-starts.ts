import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * An index of the first letter, and of the first two letters, of each word that an order is searched by. The index orders_by_text
 * needs three letters, and takes Cyrillic letters for Latin ones: for a short text, most of what it finds is wrong.
 */
export class FindWordStarts1765300000000 implements MigrationInterface {
  readonly name = 'FindWordStarts1765300000000';

  /** An index that is built while others write cannot be built in a transaction. */
  readonly transaction = false;

  /** Nobody waits. An interruption may leave an index that is not valid, so it is built anew. */
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX CONCURRENTLY IF EXISTS orders_by_word_start');
    // Each word is replaced by its first letter, and by its first two letters.
    await runner.query(`
      CREATE OR REPLACE FUNCTION word_starts(value text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
        RETURN string_to_array(regexp_replace(value, '([^ ])([^ ]?)[^ ]*', '\\1 \\1\\2', 'g'), ' ')
    `);
    await runner.query('CREATE INDEX CONCURRENTLY orders_by_word_start ON orders USING gin (word_starts(search_text))');
  }

  /** Runs in a transaction. It waits for writers, and takes no time itself. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX orders_by_word_start');
    await runner.query('DROP FUNCTION word_starts(text)');
  }
}
