import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ADVISORY_LOCK_CLASSES, ADVISORY_LOCKS } from './advisory-locks.js';

describe('the advisory locks', () => {
  const sources = ['apps/mes-api/src', 'libs'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'))
      .map((path) => readFileSync(join(folder, path), 'utf8')),
  );

  /** What a call of a function for advisory locks names as its lock. */
  const named = sources.flatMap((source) =>
    [...source.matchAll(/pg_(?:try_)?advisory_(?:xact_)?lock(?:_shared)?\(([^)]*)\)/g)].map(([, key = '']) => key),
  );

  it('have different numbers', () => {
    const numbers = Object.values(ADVISORY_LOCKS);
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it('have no other numbers in the code', () => {
    expect(named.length).toBeGreaterThanOrEqual(4);
    const classes = Object.values(ADVISORY_LOCK_CLASSES).map((number) => `${number}, my_shard`);
    // Migrations state numbers, since they must not change with the code.
    const numbers = named.filter((key) => key !== '$1' && !key.startsWith('${ADVISORY_LOCKS.'));
    expect([...new Set(numbers)]).toEqual(classes);
  });

  it('have one purpose each', () => {
    for (const purpose of Object.keys(ADVISORY_LOCKS)) {
      expect(sources.filter((source) => source.includes(`ADVISORY_LOCKS.${purpose}`))).toHaveLength(1);
    }
  });
});
