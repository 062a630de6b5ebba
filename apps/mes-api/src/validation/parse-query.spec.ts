import fc from 'fast-check';
import { parseQuery, type Query } from './parse-query.js';

/** The result of the URL Standard. */
function expected(text: string): Query {
  // Without the ampersand, URLSearchParams would skip a question mark at the start.
  const parameters = new URLSearchParams(`&${text}`);
  const names = new Set(parameters.keys());
  const query = Object.create(null) as Record<string, string | string[] | undefined>;
  for (const name of names) {
    const values = parameters.getAll(name);
    query[name] = values.length === 1 ? values[0] : values;
  }
  return query;
}

const text = fc.oneof(
  fc.constantFrom(
    '&',
    '=',
    '+',
    ';',
    '?',
    '/',
    '%26',
    '%3D',
    '%2B',
    '%25',
    '%00',
    '%C3%A9',
    '%F0%9F%92%8D',
    'a',
    'b',
    '[]',
  ),
  fc.constantFrom('__proto__', 'constructor', 'status', 'limit', 'toString'),
  fc.string({ unit: 'grapheme', maxLength: 3 }).map(encodeURIComponent),
);

describe('parseQuery', () => {
  it('parses as the URL Standard says, also when it repeats a query', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 12 }), (parts) => {
        const query = parts.join('');
        expect(parseQuery(query)).toEqual(expected(query));
        expect(parseQuery(query)).toBe(parseQuery(query));
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps any number of parameters', () => {
    const query = Array.from({ length: 3_000 }, (_, i) => `p${i}=${i}`).join('&');
    expect(Object.keys(parseQuery(query))).toHaveLength(3_000);
  });

  it('returns a frozen result', () => {
    const query = parseQuery('status=NEW&status=CLOSED&limit=1') as Record<string, string | string[]>;
    expect(() => (query.limit = '2')).toThrow(/read only|not extensible/);
    expect(() => (query.status as string[]).push('PACKAGING')).toThrow(/read only|not extensible/);
    expect(parseQuery('status=NEW&status=CLOSED&limit=1')).toEqual({ status: ['NEW', 'CLOSED'], limit: '1' });
  });
});
