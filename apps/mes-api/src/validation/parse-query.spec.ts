import fc from 'fast-check';
import { parseQuery, type Query } from './parse-query.js';

/** As the URL Standard reads it. */
function expected(text: string): Query {
  // Without the ampersand, it would leave out a question mark at the beginning.
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

describe('the query of a request', () => {
  it('is parsed as the URL Standard says, again and again', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 12 }), (parts) => {
        const query = parts.join('');
        expect(parseQuery(query)).toEqual(expected(query));
        expect(parseQuery(query)).toBe(parseQuery(query));
      }),
      { numRuns: 2_000 },
    );
  });

  it('loses no parameter, however many there are', () => {
    const query = Array.from({ length: 3_000 }, (_, i) => `p${i}=${i}`).join('&');
    expect(Object.keys(parseQuery(query))).toHaveLength(3_000);
  });

  it('cannot be changed by one of those who share it', () => {
    const query = parseQuery('status=NEW&status=CLOSED&limit=1') as Record<string, string | string[]>;
    expect(() => (query.limit = '2')).toThrow(/read only|not extensible/);
    expect(() => (query.status as string[]).push('PACKAGING')).toThrow(/read only|not extensible/);
    expect(parseQuery('status=NEW&status=CLOSED&limit=1')).toEqual({ status: ['NEW', 'CLOSED'], limit: '1' });
  });
});
