import { noneMatchHits, parseEntityTags } from './entity-tag.js';

describe('entity tags', () => {
  it.each([
    ['"1"', ['"1"']],
    ['"1", W/"2" ,"a,b"', ['"1"', 'W/"2"', '"a,b"']],
    [' "1",\t, "2",', ['"1"', '"2"']],
    ['"W/"', ['"W/"']],
    ['"*"', ['"*"']],
    ['"\u00fc"', ['"\u00fc"']],
    ['*', '*'],
    [' * ', '*'],
  ])('are read out of the header %s', (header, tags) => {
    expect(parseEntityTags(header)).toEqual(tags);
  });

  it.each([
    ...[
      '',
      ',',
      '1',
      '"1',
      '1"',
      'w/"1"',
      'W/ "1"',
      '"1" "2"',
      '"1"x',
      'x"1"',
      '*, "1"',
      '"1", *',
      '**',
      '"1 "',
      '"\t"',
    ],
    ...[`"1"${' '.repeat(10_000)}x`, `"1"${','.repeat(10_000)}x`, `${'"1",'.repeat(4_000)}x`, '"'.repeat(10_001)],
  ])('are not read out of the malformed header %s', (header) => {
    expect(parseEntityTags(header)).toBeUndefined();
  });

  it.each([
    [undefined, false],
    ['*', true],
    ['"1"', true],
    ['W/"1"', true],
    ['"0", "1"', true],
    ['"2"', false],
    ['1', false],
    ['x "1"', false],
    ['"0" "1"', false],
    ['"2", *', false],
  ])('If-None-Match %s against "1" is a hit: %s', (header, hit) => {
    expect(noneMatchHits(header, '"1"')).toBe(hit);
  });
});
