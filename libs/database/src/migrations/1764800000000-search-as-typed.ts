import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Search that takes text as people type it: ё like е, any spaces, any dashes and quotation marks. */
export class SearchAsTyped1764800000000 implements MigrationInterface {
  readonly name = 'SearchAsTyped1764800000000';

  /** Each batch of orders is a transaction of its own, so that no other waits for all of them. */
  readonly transaction = false;

  /**
   * The table is not rewritten: only the orders whose text changes are. No reader waits. A writer waits for a batch at most, if it
   * changes one of these orders. Each batch invalidates the cache. After an interruption, the migration begins again.
   *
   * Earlier versions of the API, which may still run for a while, search by the same function.
   */
  async up(runner: QueryRunner): Promise<void> {
    await replaceSearchText(runner, AS_TYPED, HAS_RARE);
  }

  async down(runner: QueryRunner): Promise<void> {
    await replaceSearchText(runner, `translate(lower(value), ${literal(CYRILLIC)}, ${literal(ASCII)})`, HAS_RARE);
  }
}

const BATCH = 20_000;

/** The text that an order is searched by. */
export const SEARCHED = `(customer_name || ' ' || product_name || ' ' || material || ' ' || coalesce(external_id, ''))`;

/**
 * Replaces the function, and brings the texts of the orders into its form.
 *
 * @param concerned a condition for orders whose text may change
 */
export async function replaceSearchText(runner: QueryRunner, expression: string, concerned: string): Promise<void> {
  await runner.query(`
    CREATE OR REPLACE FUNCTION search_text(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
      RETURN ${expression}
  `);
  // The lock waits for the writers that still use the replaced function.
  await runner.startTransaction();
  await runner.query('LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE');
  await runner.commitTransaction();
  let last: number | null = -(2 ** 31);
  while (last !== null) {
    const [batch] = (await runner.query(reform(concerned), [last, BATCH])) as readonly {
      readonly last: number | null;
    }[];
    last = batch?.last ?? null;
  }
}

/* Why Cyrillic letters become ASCII capitals: see the migration that creates the function. */
const CYRILLIC = 'абвгдежзийклмнопрстухчшыья';
const ASCII = 'ABVGDEJZIYKLMNOPRSTUHCWQXF';

/* The spaces are those of JavaScript's \s, except the plain one. */
const SPACES =
  '\t\n\v\f\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff';
const DASHES = '‐‑‒–—―−';
const DOUBLE_QUOTES = '“”„‟«»″';
const SINGLE_QUOTES = '‘’‚‛′ʼ`´';
/* In a database whose LC_CTYPE is "C", lower() knows ASCII letters only. */
const CAPITALS = 'АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ';

const RARE = SPACES + DASHES + DOUBLE_QUOTES + SINGLE_QUOTES + CAPITALS;
const PLAIN =
  ' '.repeat(SPACES.length) +
  '-'.repeat(DASHES.length) +
  '"'.repeat(DOUBLE_QUOTES.length) +
  "'".repeat(SINGLE_QUOTES.length) +
  CAPITALS.toLowerCase();

/* translate() is slow with many characters, so it replaces the rare ones only where there are any. */
export const AS_TYPED = `
  translate(
    CASE WHEN lower(value) ~ ${literal(`[${RARE}]|  `)}
      THEN regexp_replace(translate(lower(value), ${literal(RARE)}, ${literal(PLAIN)}), '  +', ' ', 'g')
      ELSE lower(value)
    END,
    ${literal(`${CYRILLIC}ё`)}, ${literal(`${ASCII}E`)}
  )`;

/* The regular expression is there because it is faster than the function. */
const HAS_RARE = `lower(${SEARCHED}) ~ ${literal(`[${RARE}ё]|  `)}`;

/** PostgreSQL computes a generated column again when a column that it depends on is set, even to the same value. */
const reform = (concerned: string): string => `
  WITH batch AS MATERIALIZED (
    SELECT max(number) AS last FROM (SELECT number FROM orders WHERE number > $1 ORDER BY number LIMIT $2) AS next
  ), reformed AS (
    UPDATE orders SET material = material
    WHERE number > $1 AND number <= (SELECT last FROM batch)
      AND ${concerned}
      AND search_text <> search_text(${SEARCHED})
  )
  SELECT last FROM batch
`;

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
