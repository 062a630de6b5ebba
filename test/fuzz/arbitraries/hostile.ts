import fc from 'fast-check';

/** Texts that often reveal mistakes in programs. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    ...['', ' ', '\u00a0', '\u200b', '\ufeff', '\t\r\n', '\u0000', 'a\u0000b', '\u001b[31m', '\u007f', '\u0085'],
    ...['\ud800', 'a\udc00', '\udc00\ud800', '\uffff', '\u{10ffff}', '\u202eabc', 'שלום', 'مرحبا', '👩‍👩‍👧‍👦', 'é', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
    ...['İ', 'ß', 'ﬃ', 'ı', '％', '‰', 'ẞ', 'ǅ', 'ΐ', 'Ⅷ', '١٢٣'],
    ...[
      'null',
      'undefined',
      'true',
      'NaN',
      'Infinity',
      '-0',
      '0',
      '1e309',
      '0x10',
      '9007199254740993',
      '[object Object]',
    ],
    ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then', 'length'],
    ...["'", '"', "' OR 1=1 --", '%', '_', '\\', '%_%', '$1', '${7*7}', '{{7*7}}', '../../etc/passwd', '%00', '%2e%2e'],
    ...['NEW,CLOSED', '*', 'W/"1"', '"', '()', '[', '-', '--', '№', '…', 'a', 'Li', 'ян', '7', '42', '2147483648'],
  ),
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)), maxLength: 8 }),
  fc
    .tuple(
      fc.constantFrom('a', 'Ж', '😀', 'a\ufe0f', ' ', '%', '\u0301'),
      fc.constantFrom(49, 50, 99, 100, 101, 200, 201, 300, 2_000, 2_001),
    )
    .map(([unit, times]) => unit.repeat(times)),
);

/** Times at and beyond the limits of calendars and of programs. */
export const hostileTime: fc.Arbitrary<string> = fc.constantFrom(
  ...['0000-01-01T00:00:00Z', '0001-01-01T00:00:00Z', '0001-01-01T00:00:00+23:59', '0001-01-01T00:00:00-23:59'],
  ...[
    '9999-12-31T23:59:59.999Z',
    '9999-12-31T23:59:59.999999999Z',
    '9999-12-31T23:59:59-23:59',
    '10000-01-01T00:00:00Z',
  ],
  ...['+010000-01-01T00:00:00Z', '-000001-01-01T00:00:00Z', '2016-12-31T23:59:60Z', '2031-02-29T00:00:00Z'],
  ...['2032-02-29T00:00:00Z', '2031-13-01T00:00:00Z', '2031-01-01T24:00:00Z', '2031-01-01T00:00:00+24:00'],
  ...['2031-01-01', '2031-01-01T00:00:00', '2031-01-01 00:00:00Z', '2031-01-01t00:00:00z', '2031-W01', '0', 'infinity'],
  ...['1582-10-10T00:00:00Z', '1900-01-01T00:00:00+00:01', '1970-01-01T00:00:00Z', '2038-01-19T03:14:08Z', 'now'],
);

/** Values of all JSON types. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: hostileText },
  { weight: 1, arbitrary: hostileTime },
  {
    weight: 3,
    arbitrary: fc.constantFrom<unknown>(
      ...[null, true, false, 0, -0, -1, 1, 1.5, 0.1 + 0.2, 1e308, -1e308, 5e-324, 2 ** 31, 2 ** 31 - 1, 2 ** 53 + 2],
      ...[10_000, 10_001, [], {}, [[]], [null], [{}], { length: 3 }, { toString: 1 }, { id: {} }, { $ne: null }],
    ),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom(7, 8, 9, 200).map((depth) => nested(depth)) },
);

/** Names of undocumented members and parameters. */
export const hostileName: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'then', 'id', 'version', 'number'),
  fc.constantFrom('createdBy', 'assignee', 'filter', 'normalised', 'hasOwnProperty', 'status[]', 'status[0]', ''),
  fc.string({ maxLength: 8 }),
);

/** Bodies that are not JSON, or that parsers read differently. */
export const hostileJson: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    ...[
      '',
      ' ',
      '{',
      '}',
      '[',
      '{"a":}',
      '{"a":1,}',
      "{'a':1}",
      '{a:1}',
      'undefined',
      'NaN',
      '01',
      '1.',
      '"',
      '\u0000',
    ],
    ...[
      '"\\ud800"',
      '{"\\u0000":1}',
      '\ufeff{}',
      '{}{}',
      '{}\n//',
      '/**/{}',
      '1e999',
      '{"quantity":1e400}',
      '{"a":"\n"}',
    ],
    ...[
      '{"__proto__":{"isAdmin":true}}',
      '{"constructor":{"prototype":{"isAdmin":true}}}',
      '{"status":"NEW","status":1}',
    ],
    ...[
      'null',
      'true',
      '[]',
      '{}',
      '""',
      '7',
      '[{}]',
      '{"source":{"toString":1}}',
      '{"tags":{"length":1,"0":"epoch"}}',
    ],
  ),
  fc
    .tuple(fc.constantFrom('[', '{"a":', '{"customer":', '[{"tags":['), fc.constantFrom(100, 3_000, 9_000))
    .map(([open, times]) => open.repeat(times)),
  fc.constantFrom(1_000, 20_000).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
  fc.constantFrom(70_000, 200_000).map((length) => `{"comment":"${'x'.repeat(length)}"}`),
  fc.json(),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

/** Pieces of a query that are possible in a URL but wrong. */
export const hostileQuerySuffix: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    ...[
      '&',
      '&&',
      '?',
      '&=',
      '&=&',
      '&q',
      '&q=',
      '&q=%',
      '&q=%zz',
      '&q=%c3%28',
      '&q=%ed%a0%80',
      '&q=%00',
      '&q=%f8%88',
      ';q=1',
    ],
    ...['&limit', '&limit=', '&limit=1&limit=2', '&limit[]=1', '&status[]=NEW', '&status[0]=NEW', '&status[a]=NEW'],
    ...[
      '&status%5B%5D=NEW',
      '&status.x=NEW',
      '&__proto__=1',
      '&__proto__[a]=1',
      '&constructor[prototype][a]=1',
      '&%',
      '&%=1',
    ],
    ...[
      '&q=a+b',
      '&q=a&q=b',
      '#a',
      '&sort=-createdAt,dueAt',
      '&cursor=',
      '&cursor=a&cursor=b',
      '&\u00e9=\u00ff',
      '&_=1',
    ],
  ),
  fc.constantFrom(25, 1_100).map((times) => '&status=NEW'.repeat(times)),
  fc.constantFrom(50, 9_000).map((length) => `&q=${'a'.repeat(length)}`),
  fc.integer({ min: 0, max: 200 }).map((n) => `&p${n}=1`),
);

/** Suffixes that turn a documented path into another one. */
export const hostilePathSuffix: fc.Arbitrary<string> = fc.constantFrom(
  ...[
    '/',
    '//',
    '/..',
    '/.',
    '/%2e%2e',
    '/%',
    '/%zz',
    '/%00',
    ';a=b',
    '%20',
    '/status/status',
    '/\u00e9',
    '.json',
    '%2f',
  ],
  ...['/'.repeat(300), '/a'.repeat(500), `/${'a'.repeat(300)}`],
);

export const hostileAuthorization: fc.Arbitrary<string | undefined> = fc.oneof(
  fc.constant(undefined),
  fc.constantFrom(
    ...['', 'Bearer', 'Bearer ', 'bearer x', 'Basic YWRtaW46YWRtaW4=', 'Bearer x.y.z', 'Bearer ..', 'Bearer null', 'x'],
    ...[
      `Bearer ${'a'.repeat(6_000)}`,
      'Bearer a b',
      'Bearer eyJhbGciOiJub25lIn0.e30.',
      'Bearer eyJhbGciOiJub25lIn0.e30',
    ],
    ...['Bearer eyJhbGciOiJFUzI1NiIsImtpZCI6Ii4uLy4uIn0.bnVsbA.AA', 'Bearer \u00e9\u00e9', 'Bearer W10.W10.W10'],
  ),
);

/** Values of headers, in the bytes that HTTP allows. */
export const hostileHeaderValue: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    ...[
      '',
      ' ',
      '*',
      '**',
      '"',
      '""',
      '"1',
      '"1", ',
      ', ,',
      'W/',
      'W/""',
      '"1" "2"',
      '"1",*',
      '0',
      '-1',
      '\u00e9\u00ff',
    ],
    ...['"99999999999999999999"', '"0"', '"-1"', '"1.0"', '"1e3"', '__proto__', 'a'.repeat(255), 'a'.repeat(256)],
    ...['"a",'.repeat(500), ','.repeat(5_000), '"'.repeat(5_000), ' '.repeat(5_000), '\t', 'a\tb', 'q=0', 'null'],
  ),
  fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 300 }),
);

/** Headers that no operation documents, but that servers may read. */
export const hostileHeader: fc.Arbitrary<readonly [string, string]> = fc.oneof(
  fc.tuple(
    fc.constantFrom('Accept', 'Accept-Encoding', 'Accept-Language', 'If-None-Match', 'If-Match', 'Idempotency-Key'),
    hostileHeaderValue,
  ),
  fc.constantFrom<readonly [string, string]>(
    ['Accept', 'text/html'],
    ['Accept', 'application/json;q=0'],
    ['Accept', 'a'],
    ['Accept-Encoding', 'br'],
    ['Accept-Encoding', 'gzip, br;q=0'],
    ['Accept-Encoding', 'gzip;q=2, br;q=-1'],
    ['Accept-Encoding', 'identity;q=0, *;q=0'],
    ['Accept-Encoding', 'deflate, zstd'],
    ['Accept-Encoding', 'br;q=0.0001;q=1'],
    ['Accept-Encoding', '*'],
    ['Range', 'bytes=0-1'],
    ['If-Modified-Since', 'Thu, 01 Jan 1970 00:00:00 GMT'],
    ['If-Unmodified-Since', 'yesterday'],
    ['Content-Encoding', 'gzip'],
    ['X-Forwarded-For', '127.0.0.1'],
    ['X-Forwarded-Host', 'evil.example.com'],
    ['X-HTTP-Method-Override', 'DELETE'],
    ['Origin', 'null'],
    ['Origin', 'https://evil.example.com'],
    ['Access-Control-Request-Method', 'DELETE'],
    ['Accept-Version', '2'],
    ['Cookie', 'a=b; '.repeat(100)],
    ['Upgrade-Insecure-Requests', '1'],
    ['Last-Event-ID', '__proto__'],
    ['traceparent', '00-0-0-0'],
  ),
);

export const hostileContentType: fc.Arbitrary<string | undefined> = fc.constantFrom(
  ...[
    undefined,
    '',
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=a',
    'application/xml',
  ],
  ...[
    'application/json; charset=latin1',
    'application/json; charset=',
    'APPLICATION/JSON',
    'application/json;',
    'json',
    '/',
  ],
  ...[
    'application/merge-patch+json',
    'application/jsonx',
    'application/json, text/plain',
    '__proto__',
    'application/*',
  ],
);

export const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'SEARCH',
  'LINK',
];

function nested(depth: number): unknown {
  let value: unknown = {};
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? { a: value } : [value];
  return value;
}
