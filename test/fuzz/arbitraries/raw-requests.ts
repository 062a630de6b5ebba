import fc from 'fast-check';
import type { RawHeader } from '../../support/raw-request.js';

/** The placeholders for a new query, for the id of an order, and for its entity tag. */
export const GAPS = { query: '<query>', order: '<order>', entityTag: '<entity-tag>' };

/**
 * The head of a request, byte for byte, with placeholders. It lacks `Authorization` and the headers that every request needs.
 */
export interface RawHead {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly RawHeader[];
}

const ORDERS = '/api/v1/orders';

const path: fc.Arbitrary<string> = fc.oneof(
  { weight: 12, arbitrary: fc.constant(ORDERS) },
  {
    weight: 8,
    arbitrary: fc.constantFrom(
      ...[`${ORDERS}/${GAPS.order}`, `${ORDERS}/${GAPS.order}/history`, '/api/v1/dashboard/statuses', '/health/live'],
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...[
        '/%61pi/v1/orders',
        '/api/v1/%6frders',
        '/api%2Fv1/orders',
        '/API/v1/orders',
        '/api/v1/orders/',
        '/api//v1/orders',
      ],
      ...[
        '//api/v1/orders',
        '/api/./v1/orders',
        '/api/v1/x/../orders',
        '/api/v1/orders;a=b',
        '/api/v1/orders%00',
        '*',
        '',
      ],
      ...['/api/v1/orders/%2e%2e', '/health/live/../../api/v1/orders', '*api/v1/orders', '/api/v1/orders%3F', '/'],
    ),
  },
);

/** Texts before the path of an absolute or malformed target. */
const prefix: fc.Arbitrary<string> = fc.oneof(
  { weight: 20, arbitrary: fc.constant('') },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...[
        'http://a',
        'HTTP://a:80',
        'http://[::1]:3000',
        'https://a',
        'http://a?b=/',
        'http://a#/',
        'http://a@b',
        'http://',
      ],
      ...['http:///', 'ftp://a', 'http://a:b', 'http://a/b?', '//a', 'a:80'],
    ),
  },
);

const separator: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('?', '&', '#') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(';', '=', '??', '&&', '%3F', '%23', '%26', '%3f', '/', '\\', '%', '+', '"', '<', '|'),
  },
);

const piece: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(GAPS.query) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ...[
        'limit=1',
        'limit=2',
        'limit=%31',
        'limit=01',
        'status=NEW',
        'status=CLOSED',
        'st%61tus=NEW',
        'q=zzz',
        'sort=dueAt',
      ],
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      ...[
        '',
        'status=',
        'status',
        'limit',
        '=',
        '__proto__=1',
        '__proto__[a]=1',
        'constructor=1',
        'toString=1',
        'status[]=NEW',
      ],
      ...[
        'q=%00',
        'q=%ff',
        'q=%zz',
        'q=%',
        'q=%ed%a0%80',
        'q=\u00e9',
        'q=a+b',
        'q=a%2Bb',
        'limit=1&limit=2',
        'LIMIT=1',
      ],
    ),
  },
);

const good: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('', 'http://a', 'HTTP://a:80'),
    fc.shuffledSubarray([
      GAPS.query,
      'limit=%31',
      'sort=dueAt',
      'priority=NORMAL&priority=LOW',
      'material=Gold+585',
      'source=SHOP',
    ]),
  )
  .map(([before, parameters]) => `${before}${ORDERS}?${parameters.join('&')}`);

const crooked: fc.Arbitrary<string> = fc
  .tuple(prefix, path, fc.array(fc.tuple(separator, piece), { maxLength: 4 }))
  .map(([before, middle, after]) => `${before}${middle}${after.flat().join('')}`)
  // An empty target would change the syntax of the request line.
  .filter((text) => text !== '');

const target = fc.oneof(good, crooked);

const header: fc.Arbitrary<RawHeader> = fc.oneof(
  fc.tuple(
    fc.constant('Accept-Encoding'),
    fc.constantFrom(
      ...[
        'br',
        'gzip',
        'BR',
        '*',
        '*, br;q=0',
        'br;q=0, *',
        'gzip;q=0.5, br;q=0.4',
        'identity;q=0',
        '*;q=0',
        'br;Q=0, gzip',
      ],
      ...['', ',', 'br;q=2', 'br;q', ' br\t;\tq=1 ', 'x-gzip', 'identity, br;q=0.9', 'br, br;q=0', '"br"', 'b r'],
    ),
  ),
  fc.tuple(
    fc.constantFrom('If-None-Match', 'If-Match'),
    fc.constantFrom(
      ...[
        GAPS.entityTag,
        `W/${GAPS.entityTag}`,
        `"x", ${GAPS.entityTag}`,
        `${GAPS.entityTag},,`,
        `x ${GAPS.entityTag}`,
      ],
      ...['*', '', '"', `${GAPS.entityTag} "x"`, `*, ${GAPS.entityTag}`, 'null'],
    ),
  ),
  fc.tuple(
    fc.constantFrom('Host', 'host'),
    fc.constantFrom('a', 'localhost', '127.0.0.1:1', '', 'a b', 'a/b', 'a,b', 'u@a', 'a:b', '[::1', 'a#b'),
  ),
  fc.tuple(
    fc.constantFrom('Origin', 'origin'),
    fc.constantFrom('https://floor.example', 'https://evil.example', 'null', ''),
  ),
  fc.constantFrom<RawHeader>(
    ...([
      ['Access-Control-Request-Method', 'GET'],
      ['Accept', 'text/html'],
      ['Range', 'bytes=0-1'],
      ['If-Modified-Since', 'Thu, 01 Jan 2099 00:00:00 GMT'],
      ['Idempotency-Key', 'a'],
      ['Last-Event-ID', 'a'],
      ['Content-Type', 'application/json'],
      ['X-HTTP-Method-Override', 'DELETE'],
      ['X-Original-URL', '/health/live'],
      ['X-Forwarded-Host', 'localhost'],
      ['Accept-Version', '2'],
      ['__proto__', 'a'],
      ['Cookie', 'a=b'],
    ] as const),
  ),
);

/** Requests that programs may read in two ways. They read data and change nothing. */
export const rawHead: fc.Arbitrary<RawHead> = fc.record({
  method: fc.oneof(
    { weight: 8, arbitrary: fc.constant('GET') },
    { weight: 2, arbitrary: fc.constantFrom('HEAD', 'OPTIONS') },
  ),
  target,
  headers: fc.array(header, { maxLength: 3 }),
});
