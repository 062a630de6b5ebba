import type { MigrationInterface, QueryRunner } from 'typeorm';
import { AS_TYPED, replaceSearchText, SEARCHED } from './1764800000000-search-as-typed.js';
import { FindWordStarts1765300000000 } from './1765300000000-find-word-starts.js';

/**
 * Search that finds й whether it is one character or и and a breve, as in names of files from a Mac: text is searched by its composed
 * form (NFC of Unicode).
 *
 * It also repairs the index of the starts of words where standard_conforming_strings was off when that was built: then a backslash
 * began an escape in the function, and the index has nothing that anybody looks for.
 */
export class SearchComposed1765400000000 implements MigrationInterface {
  readonly name = 'SearchComposed1765400000000';

  /** Each batch of orders is a transaction of its own, and an index that is built while others write cannot be built in one. */
  readonly transaction = false;

  /** What SearchAsTyped says of readers, writers and earlier versions is true here as well. */
  async up(runner: QueryRunner): Promise<void> {
    await replaceSearchText(runner, COMPOSED, IS_NOT_COMPOSED);
    const [wordStarts] = (await runner.query(HAS_WORD_STARTS)) as readonly { readonly works: boolean | null }[];
    if (wordStarts?.works !== true) await new FindWordStarts1765300000000().up(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await replaceSearchText(runner, AS_TYPED, IS_NOT_COMPOSED);
  }
}

const IS_NOT_COMPOSED = `${SEARCHED} IS NOT NFC NORMALIZED`;

/* Nearly all text is composed, and to see that costs little. */
const COMPOSED = `
  CASE WHEN value IS NFC NORMALIZED THEN ${AS_TYPED}
    ELSE ${AS_TYPED.replaceAll('lower(value)', 'lower(normalize(value, NFC))')}
  END`;

/* An interrupted repair leaves an index that is missing or not valid. */
const HAS_WORD_STARTS = `
  SELECT word_starts('ab c') = ARRAY['a', 'ab', 'c', 'c'] AND
    (SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('orders_by_word_start')) AS works
`;
