import { createHmac, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey, type JWTPayload } from 'jose';
import { DocumentValidator } from '../support/document-validator.js';
import { expectProblem, type ExpectedProblem } from '../support/expect-problem.js';
import type { OpenApiDocument } from '../support/openapi-document.js';
import { OrdersApi, type ApiAnswer } from '../support/orders-api.js';
import { OrdersTable } from '../support/orders-table.js';
import { rawRequest, type RawRequest } from '../support/raw-request.js';
import { RedisServer } from '../support/redis-server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { newOrder } from '../support/test-orders.js';

const ORDERS = '/api/v1/orders';
const JSON_TYPE = 'application/json';
const LONE_SURROGATE = '\ud800';

type Role = 'operator' | 'partner' | 'admin';

interface Case {
  readonly name: string;
  readonly request: RawRequest;
  /** The role of the token; no token if absent. */
  readonly as?: Role;
  readonly problem: ExpectedProblem;
}

function badFields(...fields: string[]): ExpectedProblem {
  return { status: 400, code: 'INPUT_INVALID', fields };
}

const BAD_REQUEST: ExpectedProblem = { status: 400, code: 'BAD_REQUEST' };
const NOT_FOUND: ExpectedProblem = { status: 404, code: 'NOT_FOUND' };
const METHOD_NOT_ALLOWED: ExpectedProblem = { status: 405, code: 'METHOD_NOT_ALLOWED' };

function show(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 60)}… (${text.length})` : text;
}

function post(name: string, body: unknown, problem: ExpectedProblem, headers: Record<string, string> = {}): Case {
  const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const request = { method: 'POST', path: ORDERS, headers: { 'Content-Type': JSON_TYPE, ...headers }, body: text };
  return { name: `POST ${name}`, as: 'partner', request, problem };
}

/** A valid body with another value at this path. `undefined` removes the member. */
function bodyWith(path: string, value: unknown): Record<string, unknown> {
  const body = newOrder({ price: { amount: '1', currency: 'EUR' } });
  const [outer = '', inner] = path.split('.');
  if (inner === undefined) return { ...body, [outer]: value };
  return { ...body, [outer]: { ...(body[outer] as object), [inner]: value } };
}

/** An object with this number of unknown fields. */
function numbered(count: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 1]));
}

/** A name as problems show it, with replacement characters for unreadable ones. */
function readable(name: string): string {
  return name.replace(/[\p{C}]/gu, '\ufffd');
}

function postField(field: string, value: unknown): Case {
  const name = value === undefined ? `without ${field}` : `with ${field} ${show(value)}`;
  return post(name, bodyWith(field, value), badFields(field));
}

/** Invalid values of every text, which a regular expression of any dialect recognises. */
const PLAINLY_BAD_TEXTS = [
  ...['', ' ', ' \t\r\n ', '\u00a0\u2003', 'a\u0000b', '\u0001', 'a\u007f', '\u001b[31m', 'a\u0085b', '\u009b31m'],
  // Bidirectional controls, which make "exe.png" look like "gnp.exe", and annotations.
  ...[
    '\u202a',
    '\u202b',
    '\u202c',
    '\u202d',
    '\u202e',
    '\u2066',
    '\u2067',
    '\u2068',
    '\u2069',
    '\u200e',
    '\u200f',
    '\u061c',
  ].map((control) => `Anna${control}exe.png`),
  ...['a\ufff9b\ufffac\ufffb'],
];

/** Invalid values of every text. */
const BAD_TEXTS = [
  ...PLAINLY_BAD_TEXTS,
  ...[`a${LONE_SURROGATE}`, '\udc00b', '\udc00\ud800'],
  // Invisible texts: zero width, fillers, blanks, tags, selectors, soft hyphens, marks without a letter.
  ...[
    '\u200b',
    '\u200c\u200d',
    '\u2060',
    '\ufeff',
    '\u00ad',
    '\u034f',
    '\u3164',
    '\u115f\u1160',
    '\uffa0',
    '\u2800',
    '\u180e',
  ],
  ...[
    '\u17b4\u17b5',
    '\u2062',
    '\u206a',
    '\ufe0f',
    '\u0301\u0302',
    '\u{e0041}\u{e007f}',
    '\u{e0100}',
    '\u{1d159}',
    '\u{1d173}',
  ],
  ...['\u{13441}', '\ufffc', '\ue000', '\u2028\u2029', '\u3000 \u200b\u3164', '\u0300\u200d\u2800\ufe0f'],
];

/** Names and remarks as people write them, including invisible joiners and selectors. */
const GOOD_TEXTS = [
  ...[
    'Мария Соколова',
    'Søren Ångström',
    'Nguyễn Thị Ánh',
    'Nguye\u0302\u0303n',
    'Ὀδυσσεύς',
    '王小明',
    '山田　太郎',
    '김민준',
    'ᄀ\u1161',
  ],
  // ZWNJ of Persian, ZWJ of Sinhala and Malayalam, ZWSP of Khmer.
  ...['محمد\u200cعلی', 'می\u200cخواهم', 'ශ්\u200dරී ලංකා', 'അവന്\u200d', 'ស្រី\u200bស្អាត', 'שָׁלוֹם עֲלֵיכֶם', 'ישראל ישראלי'],
  ...[
    '👩\u200d👩\u200d👧',
    '❤\ufe0f',
    '1\ufe0f\u20e3',
    '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}',
    '👍🏽',
    '🇩🇪',
    '💍',
  ],
  ...['Verlobungs\u00adring', "O'Brien", '#7', '½', '-', 'Zeile 1\n\tZeile 2', 'नमस्ते', 'สวัสดี', '\u202f7\u00a0€'],
];
const NO_TEXTS = [1, 0, true, false, null, [], ['a'], {}, { a: 1 }];
const NO_OBJECTS = ['a', '', 1, true, null, [], [{ id: 'a', name: 'a' }]];

function textField(field: string, maxLength: number, required: boolean): Case[] {
  const wrong = [...NO_TEXTS, ...BAD_TEXTS, 'a'.repeat(maxLength + 1), 'é'.repeat(maxLength + 1)];
  return [...wrong, ...(required ? [undefined] : [])].map((value) => postField(field, value));
}

/** A body with so many levels that class-transformer's recursion would overflow, but within the size limit. */
function deep(open: string, close: string, levels = 7_000): string {
  return open.repeat(levels) + close.repeat(levels);
}

/** Values that class-transformer would call, drop or fail on. */
const TRAPS: readonly object[] = [
  { constructor: 1 },
  { constructor: { name: 'x' } },
  { toString: null },
  { a: { valueOf: 1 } },
];

function trapIn(field: string, trap: object): string {
  return 'a' in trap ? `${field}.a.valueOf` : `${field}.${Object.keys(trap).join()}`;
}

const creations: Case[] = [
  ...[
    'externalId',
    'customer.id',
    'product.modelUrl',
    'source',
    'quantity',
    'price.amount',
    'dueAt',
    'priority',
  ].flatMap((field) =>
    TRAPS.map((trap) => post(`with ${field} ${show(trap)}`, bodyWith(field, trap), badFields(trapIn(field, trap)))),
  ),
  ...textField('externalId', 100, false),
  ...textField('customer.id', 100, true),
  ...textField('customer.name', 200, true),
  ...textField('product.name', 200, true),
  ...textField('material', 100, true),
  ...textField('comment', 2_000, false),
  ...[...NO_TEXTS, ...BAD_TEXTS].map((value) => postField('product.modelUrl', value)),
  ...[
    ...['model.stl', '//example.com/a', 'ftp://example.com/a', 'javascript:alert(1)', 'file:///etc/passwd', 'http://'],
    ...['https://example.com/a b', `https://example.com/${'a'.repeat(2_000)}`],
    // Links whose host differs from the visible one.
    ...[
      'https://example.com@evil.example',
      'https://example.com:443@evil.example/a',
      'https://:@evil.example',
      'https://a@b@c/',
    ],
    ...[
      'https://example.com%40evil.example/',
      'https://example.com\\@evil.example',
      'https://example.com\\.evil.example/a',
    ],
    ...[
      'https:\\\\example.com',
      'https:/example.com',
      'https:example.com',
      'https:///example.com',
      'https://example.com/\\a',
    ],
    ...[
      'https://exam\tple.com',
      'https://exam\nple.com/',
      'https://example.com/\ta',
      '\thttps://example.com',
      'https://example.com/\n',
    ],
    ...['https://example.com\u2044evil.example', 'https://example.com\uff0fevil.example', 'https://example\u3002com/'],
    ...[
      'https://\u0435xample.com/',
      'https://example\u00ad.com',
      'https://example.com/\u200ba',
      'https://example.com/\u202ea',
    ],
    ...[
      'https://example.com\u2100.evil.example',
      'https://.example.com',
      'https://example..com',
      'https://-a.com',
      'https://[::g]/',
    ],
    ...[
      'https://example.com:99999/',
      'https://example.com:/',
      'https://',
      'https://?a',
      'https://#a',
      'view-source:https://example.com',
    ],
  ].map((value) => postField('product.modelUrl', value)),
  ...[...NO_OBJECTS, undefined].flatMap((value) => [postField('customer', value), postField('product', value)]),
  ...NO_OBJECTS.map((value) => postField('price', value)),
  ...[...NO_TEXTS, '', 'shop', 'SHOP ', 'WEB', undefined].map((value) => postField('source', value)),
  ...[...NO_TEXTS, '', 'normal', 'HIGHEST'].map((value) => postField('priority', value)),
  ...[...[0, -1, 10_001, 1.5, 0.1, 1e21, 1e300, '1', '', 'one', true, null, [], [1], {}, undefined]].map((value) =>
    postField('quantity', value),
  ),
  post(
    'with quantity 1e999',
    JSON.stringify(newOrder()).replace('"quantity":1', '"quantity":1e999'),
    badFields('quantity'),
  ),
  ...[
    ...['1,5', '1e3', '-1', '1.23456', '', ' ', '1.', '.5', '+1', '01', '1 ', ' 1', '1_000', '0x10', 'NaN', 'Infinity'],
    ...['1234567890123', '1234567890123.00', '٣', '1\n', '1\u0000', 1, 1234.5, 0, true, null, [], ['1'], {}, undefined],
  ].map((value) => postField('price.amount', value)),
  ...['eur', 'Eur', 'EURO', 'EU', 'XYZ', '', '€', ' EUR', 'EUR\n', 978, true, null, [], ['EUR'], {}, undefined].map(
    (value) => postField('price.currency', value),
  ),
  ...[
    ...['2099-02-30T00:00:00Z', '2099-02-29T00:00:00Z', '2099-04-31T10:00:00+02:00', '2099-13-01T00:00:00Z'],
    ...['2099-00-10T00:00:00Z', '2099-01-00T00:00:00Z', '2099-01-32T00:00:00Z', '2099-01-01T24:00:00Z'],
    ...['2099-01-01T23:60:00Z', '2099-01-01T23:59:60Z', '2099-01-01T00:00:00+24:00', '2099-01-01T00:00:00+01:60'],
    ...['2099-01-01T00:00:00', '2099-01-01T00:00:00.000', '2099-01-01', '2099-01-01 00:00:00Z', '2099-01-01T00:00Z'],
    ...['10000-01-01T00:00:00Z', '+010000-01-01T00:00:00Z', '9999-12-31T23:59:59-01:00', '99-01-01T00:00:00Z'],
    ...['0000-01-01T00:00:00Z', '-0001-01-01T00:00:00Z', '2099-01-01T00:00:00,5Z', '2099-01-01T00:00:00.1234567890Z'],
    ...['tomorrow', '', ' ', 'infinity', '4070908800', '２０99-01-01T00:00:00Z', '2099-01-01T00:00:00Z\u0000'],
    ...[4070908800, 4070908800000, 0, true, null, [], ['2099-01-01T00:00:00Z'], {}],
  ].map((value) => postField('dueAt', value)),
  ...['0001-01-01T00:00:00Z', '1970-01-01T00:00:00Z', '2026-01-01T00:00:00+01:00'].map((value) =>
    post(`with dueAt ${value}, which is past`, bodyWith('dueAt', value), {
      status: 400,
      code: 'ORDER_DUE_DATE_PASSED',
      fields: ['dueAt'],
    }),
  ),

  // Unknown fields, including names with a meaning in JavaScript.
  ...['status', 'id', 'version', 'createdBy', 'number', 'a', '', 'toString', 'constructor', 'hasOwnProperty'].flatMap(
    (name) => [
      post(`with the unknown field ${show(name)}`, bodyWith(name, 'a'), badFields(name)),
      post(
        `with the unknown field customer.${name}`,
        { ...newOrder(), customer: { id: 'C', name: 'c', [name]: 1 } },
        badFields(`customer.${name}`),
      ),
    ],
  ),
  post(
    'with several errors',
    { ...newOrder(), quantity: 0, material: '', x: 1, customer: { id: 'C' } },
    {
      ...badFields('quantity', 'material', 'x', 'customer.name'),
    },
  ),
  post(
    'with 30 unknown fields',
    { ...newOrder(), ...numbered(30) },
    {
      ...badFields(...Object.keys(numbered(20))),
    },
  ),
  ...[1_000, 60_000].map((length) =>
    post(
      `with ${length} letters in the name of a field`,
      bodyWith('x'.repeat(length), 1),
      badFields(`${'x'.repeat(200)}…`),
    ),
  ),
  post('with 6,000 unknown fields', numbered(6_000), badFields('')),
  post('with 6,000 unknown fields inside', { ...newOrder(), customer: numbered(6_000) }, badFields('')),
  post('with 6,000 unknown fields of unknown fields', { a: { b: [numbered(3_000), numbered(3_000)] } }, badFields('')),
  post('with 20,000 values', { ...newOrder(), material: Array<number>(20_000).fill(1) }, badFields('')),
  post('with a text of 60 kB', newOrder({ comment: '\u0301'.repeat(30_000) }), badFields('comment')),
  post('with a source of 60 kB', newOrder({ source: 'SHOP'.repeat(15_000) }), badFields('source')),
  ...['\u0000\u001b[31m', '\u202egnp', 'a\u200b', LONE_SURROGATE, '\ud83d', '\u{e0041}'].map((name) =>
    post(`with the unreadable name ${show(name)}`, bodyWith(name, 1), badFields(readable(name))),
  ),
  post('with everything missing', {}, badFields('source', 'customer', 'product', 'material', 'quantity')),
  post('with __proto__', `{"__proto__":{"a":1},${JSON.stringify(newOrder()).slice(1)}`, BAD_REQUEST),
  post('with __proto__ inside', JSON.stringify(newOrder()).replace('"id"', '"__proto__":{},"id"'), BAD_REQUEST),
  post('with an escaped __proto__', `{"\\u005f_proto__":{"a":1},${JSON.stringify(newOrder()).slice(1)}`, BAD_REQUEST),
  post('with constructor.prototype', { ...newOrder(), constructor: { prototype: { a: 1 } } }, BAD_REQUEST),
  ...['[', '{"a":'].map((open) =>
    post(
      `with ${open} 7000 levels deep`,
      JSON.stringify(newOrder()).replace(
        '"Gold 585"',
        open === '[' ? deep('[', ']') : `${deep('{"a":', '')}1${deep('', '}')}`,
      ),
      badFields('material'),
    ),
  ),

  // Bodies that are not a JSON object.
  ...[
    '{',
    '{"source":"SHOP"',
    '{]',
    'null x',
    "{'a':1}",
    '{"a":1,}',
    '{"a":NaN}',
    'undefined',
    '\u0000',
    '{"a":"\u0001"}',
  ].map((body) => post(`the malformed body ${show(body)}`, body, BAD_REQUEST)),
  post('a body that is neither JSON nor UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), badFields('')),
  // Decoded as UTF-8, these would be valid orders whose names are replacement characters.
  ...['', '; charset=utf-8', '; charset=iso-8859-1', '; charset=windows-1251'].map((parameter) =>
    post(
      `a body in another encoding than UTF-8, as ${JSON_TYPE}${parameter}`,
      Buffer.from(JSON.stringify(bodyWith('customer.name', 'Zoë Müller')), 'latin1'),
      badFields(''),
      { 'Content-Type': `${JSON_TYPE}${parameter}` },
    ),
  ),
  post('an empty body', '', BAD_REQUEST),
  ...['[]', '[{}]', 'null', '"text"', '1', 'true', `[${JSON.stringify(newOrder())}]`].map((body) =>
    post(`the body ${show(body)}, which is not an object`, body, badFields('')),
  ),
  post('a body of 1 MB', newOrder({ comment: 'a'.repeat(1_000_000) }), {
    status: 413,
    code: 'PAYLOAD_TOO_LARGE',
  }),
  ...[
    'application/x-www-form-urlencoded',
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/octet-stream',
    'application/jsonp',
    'text/json',
    'json',
    '',
    '*/*',
  ].map((type) =>
    post(
      `a body of the type ${show(type)}`,
      newOrder(),
      { status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' },
      {
        'Content-Type': type,
      },
    ),
  ),
  {
    name: 'POST a body without a type',
    as: 'partner',
    request: { method: 'POST', path: ORDERS, body: JSON.stringify(newOrder()) },
    problem: { status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' },
  },
  ...['gzip', 'br', 'GZIP', 'identity, gzip'].map((coding) =>
    post(
      `a body in the coding ${coding}`,
      gzipSync(JSON.stringify(newOrder())),
      { status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' },
      { 'Content-Encoding': coding },
    ),
  ),
  {
    name: 'POST without body and type',
    as: 'partner',
    request: { method: 'POST', path: ORDERS },
    problem: badFields(''),
  },
  ...['', 'a b', '\u00ff', 'a'.repeat(256), '\u00d0\u00bf', 'a\tb'].map((key) =>
    post(`with the Idempotency-Key ${show(key)}`, newOrder(), badFields('Idempotency-Key'), { 'Idempotency-Key': key }),
  ),
];

function patch(name: string, body: unknown, problem: ExpectedProblem, path = '/status'): Case {
  const request = {
    method: 'PATCH',
    path: `${ORDERS}/:order${path}`,
    headers: { 'Content-Type': JSON_TYPE },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
  return { name: `PATCH ${name}`, as: 'operator', request, problem };
}

const changes: Case[] = [
  ...TRAPS.map((trap) => patch(`status ${show(trap)}`, { status: trap }, badFields(trapIn('status', trap)))),
  ...[...NO_TEXTS, '', 'new', 'STARTED', 'toString', 'constructor', undefined].map((status) =>
    patch(`status ${show(status ?? 'left out')}`, { status, comment: 'a' }, badFields('status')),
  ),
  ...[...NO_TEXTS, ...BAD_TEXTS, 'a'.repeat(2_001)].map((comment) =>
    patch(`comment ${show(comment)}`, { status: 'ON_HOLD', comment }, badFields('comment')),
  ),
  ...['assignee', 'version', 'toString', 'constructor'].map((name) =>
    patch(`with the unknown field ${name}`, { status: 'NEW', [name]: 'a' }, badFields(name)),
  ),
  ...[...NO_TEXTS, '', 'other', 'NEW', 'toString'].map((reason) =>
    patch(`reason ${show(reason)}`, { status: 'ON_HOLD', reason, comment: 'a' }, badFields('reason')),
  ),
  patch('a pause without reason and comment', { status: 'ON_HOLD' }, badFields('reason')),
  patch('the reason OTHER without a comment', { status: 'ON_HOLD', reason: 'OTHER' }, badFields('reason')),
  patch('a reason for another status', { status: 'CANCELLED', reason: 'QUALITY' }, badFields('reason')),
  patch('an empty body', '', BAD_REQUEST),
  patch('an array', '["ON_HOLD"]', badFields('')),
  patch('a text', '"ON_HOLD"', badFields('')),
  patch('a malformed body', '{"status":"ON_HOLD"', BAD_REQUEST),
];

const fieldChanges: Case[] = [
  ...[...NO_TEXTS, '', 'high', 'toString'].map((priority) =>
    patch(`priority ${show(priority)}`, { priority }, badFields('priority'), ''),
  ),
  patch('no field', {}, badFields(''), ''),
  ...[...NO_TEXTS.filter((value) => value !== null), '', '2031-05-17', '2031-02-30T00:00:00Z', 'tomorrow'].map(
    (dueAt) => patch(`dueAt ${show(dueAt)}`, { dueAt }, badFields('dueAt'), ''),
  ),
  ...[...NO_TEXTS, '', 'a b', 'ü', 'a'.repeat(256), 'a\n'].map((assignee) =>
    patch(`assignee ${show(assignee)}`, { assignee }, badFields('assignee'), ''),
  ),
  ...['status', 'version', 'comment', 'toString', 'constructor'].map((name) =>
    patch(`with the unknown field ${name}`, { priority: 'LOW', [name]: 'a' }, badFields(name), ''),
  ),
  patch('an array instead of fields', '["LOW"]', badFields(''), ''),
];

const SOME_ORDER = { id: '01935a3f-5a3e-7c44-9d7e-0f6a1f1b2c3d', version: 1 };

function patchMany(name: string, changed: Record<string, unknown>, ...fields: readonly string[]): Case {
  const request = {
    method: 'PATCH',
    path: `${ORDERS}/status`,
    headers: { 'Content-Type': JSON_TYPE },
    body: JSON.stringify({ orders: [SOME_ORDER], status: 'NEW', ...changed }),
  };
  return { name: `PATCH several: ${name}`, as: 'operator', request, problem: badFields(...fields) };
}

const changesOfSeveral: Case[] = [
  ...[null, {}, 'a', 1, []].map((orders) => patchMany(`orders ${show(orders)}`, { orders }, 'orders')),
  ...[null, 'a', 1, [], [SOME_ORDER], true].map((order) =>
    patchMany(`the order ${show(order)}`, { orders: [SOME_ORDER, order] }, 'orders'),
  ),
  patchMany('no orders', { orders: undefined }, 'orders'),
  patchMany('51 orders', { orders: Array.from({ length: 51 }, () => ({ id: randomUUID() })) }, 'orders'),
  patchMany('500 orders', { orders: Array<object>(500).fill(SOME_ORDER) }, ''),
  patchMany('an order twice', { orders: [SOME_ORDER, { id: SOME_ORDER.id.toUpperCase() }] }, 'orders'),
  ...[null, '1', 1, {}, [], 'x'.repeat(36)].map((id) =>
    patchMany(`id ${show(id)}`, { orders: [SOME_ORDER, { id }] }, 'orders.1.id'),
  ),
  ...[null, '1', 0, -1, 1.5, 1e9].map((version) =>
    patchMany(`version ${show(version)}`, { orders: [{ ...SOME_ORDER, version }] }, 'orders.0.version'),
  ),
  patchMany('an unknown field of an order', { orders: [{ ...SOME_ORDER, status: 'NEW' }] }, 'orders.0.status'),
  patchMany('an unknown field', { assignee: 'a' }, 'assignee'),
  patchMany('no status', { status: undefined }, 'status'),
  patchMany('a pause without a reason', { status: 'ON_HOLD' }, 'reason'),
];

const evictions: Case[] = [
  ...[
    ...[undefined, null, 'epoch', {}, [], ['orders'], ['orders:WRONG'], ['*'], [''], [1], [null], [['epoch']], [{}]],
    ...[['order:1'], ['orders:NEW\n'], [`order:${'0'.repeat(36)}`], Array<string>(101).fill('epoch')],
    ...[['epoch', 'x']],
  ].map((tags) => ({ name: `tags ${show(tags ?? 'left out')}`, body: { tags }, field: 'tags' })),
  ...TRAPS.map((trap) => ({ name: show([trap]), body: { tags: [trap] }, field: trapIn('tags.0', trap) })),
  { name: 'an unknown field', body: { tags: ['epoch'], all: true }, field: 'all' },
  { name: 'an array', body: ['epoch'], field: '' },
].map(({ name, body, field }) => ({
  name: `POST eviction of ${name}`,
  as: 'admin',
  request: {
    method: 'POST',
    path: '/api/v1/cache/evictions',
    headers: { 'Content-Type': JSON_TYPE },
    body: JSON.stringify(body),
  },
  problem: badFields(field),
}));

function list(query: string, ...fields: string[]): Case {
  const name = query.length > 80 ? `${query.slice(0, 60)}… (${query.length})` : query;
  return {
    name: `GET ?${name}`,
    as: 'operator',
    request: { path: `${ORDERS}?${query}` },
    problem: badFields(...fields),
  };
}

/** Invalid texts in a query, in percent-encoding. */
const BAD_QUERY_TEXTS = [
  ...['', '%20', '+', '%09', '%00', 'a%00b', '%01', '%7F', 'a%C2%85'],
  ...['\u3164', '\u200b', '\u2800', 'a\u202eb', 'a\u2067b', '\u0301'].map(encodeURIComponent),
];
/** Invalid percent-encodings. The last two would be surrogates. */
const BAD_ENCODINGS = ['%', '%Z', '%ZZ', '100%', '%E0%A4', '%FF', '%C0%80', '%ED%A0%80', 'a%ED%B0%80b'];

const lists: Case[] = [
  ...[
    '0',
    '201',
    '-1',
    '1.5',
    'abc',
    '',
    '%20',
    '1e2',
    '0x10',
    '١',
    '9999999999',
    '99999999999999999999',
    'null',
    '+1',
    '1%00',
  ].flatMap((limit) => list(`limit=${limit}`, 'limit')),
  ...['limit=1&limit=2', 'limit=1&limit=1', 'limit=&limit='].map((query) => list(query, 'limit')),
  ...['sort=createdAt&sort=dueAt', 'sort=', 'sort=number', 'sort=-dueAt', 'sort=CREATEDAT', 'sort=constructor'].map(
    (query) => list(query, 'sort'),
  ),
  ...['status=', 'status=new', 'status=NEW,CLOSED', 'status=NEW&status=', 'status=NEW&status=X', 'status=toString'].map(
    (query) => list(query, 'status'),
  ),
  ...['priority=', 'priority=2', 'priority=LOW&priority=low'].map((query) => list(query, 'priority')),
  ...['source=', 'source=WEB', 'source=SHOP&source=WEB'].map((query) => list(query, 'source')),
  ...['holdReason=', 'holdReason=quality', 'holdReason=BREAK&holdReason=X', 'holdReason=toString'].map((query) =>
    list(query, 'holdReason'),
  ),
  ...['', '0', '-1', '1.0', '1e2', 'x', '%E2%84%961', '1%00', '1000000000', '1&number=1'].map((number) =>
    list(`number=${number}`, 'number'),
  ),
  ...['material', 'assignee', 'q'].flatMap((name) => BAD_QUERY_TEXTS.map((text) => list(`${name}=${text}`, name))),
  ...BAD_QUERY_TEXTS.map((text) => list(`material=Gold&material=${text}`, 'material')),
  list(`q=${'a'.repeat(101)}`, 'q'),
  ...['%25', '_', '---', '%CA%BC%CA%BC%CA%BC', '%F0%9F%98%80', '%E2%84%96'].map((text) => list(`q=${text}`, 'q')),
  list(`material=${'a'.repeat(101)}`, 'material'),
  list(`assignee=${'a'.repeat(256)}`, 'assignee'),
  list('q=a&q=b', 'q'),
  list(Array.from({ length: 21 }, (_, i) => `material=${i}`).join('&'), 'material'),
  ...['createdFrom', 'createdTo', 'dueBefore'].flatMap((name) =>
    [
      ...[
        '',
        'today',
        '2026-02-30T00:00:00Z',
        '2026-01-01',
        '2026-01-01T00:00:00',
        '1767225600',
        '10000-01-01T00:00:00Z',
      ],
      ...['2026-01-01T00:00:00Z%00', '2026-01-01T00:00:00+01:00', '0000-01-01T00:00:00Z', 'infinity'],
      `2026-01-01T00:00:00Z&${name}=2026-01-02T00:00:00Z`,
    ].map((value) => list(`${name}=${value}`, name)),
  ),
  ...['', '%00', 'a b'.replace(' ', '%20'), '%C3%BC', 'a'.repeat(513), 'a'.repeat(8_000), 'a&cursor=b'].map((value) =>
    list(`cursor=${value}`, 'cursor'),
  ),
  {
    ...list('cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'cursor'),
    problem: { status: 400, code: 'CURSOR_INVALID', fields: ['cursor'] },
  },
  ...['Status', 'statuses', 'status%5B%5D', 'page', '%20limit', 'filter', 'normalised', 'normalisedList', ''].map(
    (name) => list(`${name}=NEW`, decodeURIComponent(name)),
  ),
  ...['constructor', '__proto__', 'toString', 'hasOwnProperty', 'prototype', '__proto__%5Ba%5D'].map((name) =>
    list(`${name}=a`, decodeURIComponent(name)),
  ),
  list(Array.from({ length: 1_000 }, (_, i) => `k${i}=`).join('&'), ''),
  list(Array.from({ length: 500 }, () => 'status=NEW').join('&'), ''),
  list(`${'x'.repeat(7_000)}=1`, `${'x'.repeat(200)}…`),
  ...BAD_ENCODINGS.flatMap((text) => [list(`q=${text}`, ''), list(`${text}=q`, '')]),
];

const uuid = randomUUID();

const paths: Case[] = [
  ...[
    '1',
    'new',
    `${uuid}0`,
    uuid.replace('-', ''),
    `%7B${uuid}%7D`,
    'a'.repeat(200),
    '%20',
    '..%2f..',
    `${uuid}%00`,
    '%F0%9F%92%8D',
  ]
    .flatMap((id) => [
      { method: 'GET', path: `${ORDERS}/${id}` },
      { method: 'GET', path: `${ORDERS}/${id}/history` },
      {
        method: 'PATCH',
        path: `${ORDERS}/${id}/status`,
        headers: { 'Content-Type': JSON_TYPE },
        body: '{"status":"NEW"}',
      },
    ])
    .map((request) => ({
      name: `${request.method} ${show(request.path)}`,
      as: 'operator' as const,
      request,
      problem: badFields('id'),
    })),
  ...[
    '/',
    '/api',
    '/api/v1',
    '/api/v1/order',
    '/api/v2/orders',
    `${ORDERS}/${uuid}/state`,
    '/api/v1/orders/',
    '//',
    '/.env',
  ].map((path) => ({ name: `GET ${path}`, as: 'operator' as const, request: { path }, problem: NOT_FOUND })),
  ...['PUT', 'DELETE', 'PURGE', 'TRACE'].map((method) => ({
    name: `${method} ${ORDERS}/<id>`,
    as: 'admin' as const,
    request: { method, path: `${ORDERS}/${uuid}` },
    problem: METHOD_NOT_ALLOWED,
  })),
  {
    name: `GET ${ORDERS}/<id>/status`,
    as: 'operator',
    request: { path: `${ORDERS}/${uuid}/status` },
    problem: METHOD_NOT_ALLOWED,
  },
];

/** Requests that the HTTP server or the router refuses before it finds a route. */
const wire: Case[] = [
  ...['%', '%zz', '%E0%A4%A', '%FF', '%C0%80', '%ED%A0%80'].map((text) => ({
    name: `GET ${ORDERS}/${text}`,
    request: { path: `${ORDERS}/${text}` },
    problem: BAD_REQUEST,
  })),
  {
    name: 'GET an id of 201 characters',
    request: { path: `${ORDERS}/${'a'.repeat(201)}` },
    problem: { status: 414, code: 'URI_TOO_LONG' },
  },
  { name: 'GET a path of 8 kB', request: { path: `${ORDERS}/${'a/'.repeat(4_000)}` }, problem: NOT_FOUND },
  {
    name: 'GET a path of 10 kB',
    request: { path: `${ORDERS}/${'a/'.repeat(5_000)}` },
    problem: { status: 414, code: 'URI_TOO_LONG' },
  },
  {
    name: 'GET a path of 100 kB',
    request: { path: `${ORDERS}/${'a'.repeat(100_000)}` },
    problem: { status: 414, code: 'URI_TOO_LONG' },
  },
  {
    name: 'GET with 100 kB of headers',
    request: { path: ORDERS, headers: { 'X-A': 'a'.repeat(100_000) } },
    problem: { status: 431, code: 'REQUEST_HEADER_FIELDS_TOO_LARGE' },
  },
  ...['Idempotency-Key', 'If-Match', 'Authorization', 'If-None-Match', 'X-A'].map((name) => ({
    name: `GET with a NUL byte in ${name}`,
    request: { path: ORDERS, headers: { [name]: 'a\u0000b' } },
    problem: BAD_REQUEST,
  })),
  { name: 'GET with a header that has no name', request: { path: ORDERS, headers: { '': 'a' } }, problem: BAD_REQUEST },
  { name: 'an unknown method', request: { method: 'FETCH', path: ORDERS }, problem: BAD_REQUEST },
  { name: 'a path with a space', request: { path: `${ORDERS}?q=a b` }, problem: BAD_REQUEST },
  {
    name: 'a body with an invalid length',
    request: { method: 'POST', path: ORDERS, headers: { 'Content-Length': 'x' } },
    problem: BAD_REQUEST,
  },
  {
    name: 'two lengths of one body',
    request: { method: 'POST', path: ORDERS, headers: { 'content-length': '3' }, body: '{}' },
    problem: BAD_REQUEST,
  },
];

describe('bad input', () => {
  let database: TestDatabase;
  let redis: RedisServer;
  let api: OrdersApi;
  let table: OrdersTable;
  let order: string;
  let tokens: Record<Role, string>;

  beforeAll(async () => {
    [database, redis] = await Promise.all([createTestDatabase(), RedisServer.start()]);
    api = await OrdersApi.start({ databaseUrl: database.url, redisUrl: redis.url });
    table = await OrdersTable.connect(database.url);
    const [operator, partner, admin] = await Promise.all([
      api.token('operator'),
      api.token('partner'),
      api.token('admin'),
    ]);
    tokens = { operator, partner, admin };
    const { body } = await api.call<{ id: string }>(ORDERS, { method: 'POST', token: partner, body: newOrder() });
    order = body.id;
  });

  afterAll(async () => {
    await table.close();
    await api.stop();
    await redis.stop();
    await database.drop();
  });

  async function expectRefused({ request, as, problem }: Case): Promise<void> {
    const before = await table.fingerprint();
    const answer = await rawRequest(api.url, {
      ...request,
      path: request.path.replace(':order', order),
      headers: {
        ...(as === undefined ? {} : { Authorization: `Bearer ${tokens[as]}` }),
        ...Object.fromEntries(Object.entries(request.headers ?? {})),
      },
    });
    expectProblem(answer, problem);
    expectBrief(answer);
    expect(await table.fingerprint()).toEqual(before);
  }

  /** Checks that a problem is short and readable, whatever the input was. */
  function expectBrief({ body }: ApiAnswer<unknown>): void {
    const { errors = [] } = body as { errors?: readonly { field: string; message: string }[] };
    expect(errors.length).toBeLessThanOrEqual(20);
    const text = JSON.stringify(body);
    expect(text.length).toBeLessThan(12_000);
    expect(text.replaceAll('\\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]|\\u/u);
  }

  it.each([...creations, ...changes, ...fieldChanges, ...changesOfSeveral, ...evictions, ...lists, ...paths, ...wire])(
    'is refused: $name',
    expectRefused,
  );

  it('is refused: unknown parameters on every documented route', async () => {
    const { body } = await api.call<{ paths: Record<string, object> }>('/docs-json');
    const routes = Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => [method, path]),
    );
    expect(routes.length).toBeGreaterThan(8);
    for (const [method = '', path = ''] of routes) {
      for (const name of ['unknown', 'constructor', '__proto__', 'limit%00', 'filter', 'toString']) {
        const isJson = method === 'post' || method === 'patch';
        await expectRefused({
          name: '',
          as: path === ORDERS && method === 'post' ? 'partner' : 'admin',
          request: {
            method: method.toUpperCase(),
            path: `${path.replace('{id}', ':order')}?${name}=a`,
            ...(isJson ? { headers: { 'Content-Type': JSON_TYPE }, body: JSON.stringify(newOrder()) } : {}),
          },
          problem: badFields(readable(decodeURIComponent(name))),
        });
      }
    }
  });

  it('is answered with the number of errors if not all are listed', async () => {
    const bodies = [numbered(30), numbered(15)];
    const details = await Promise.all(
      bodies.map(async (body) => {
        const answer = await api.call<{ detail: string }>(ORDERS, { method: 'POST', token: tokens.partner, body });
        return answer.body.detail;
      }),
    );
    expect(details[0]).toContain('20 errors of 35');
    expect(details[1]).not.toContain('errors of');
    const query = Array.from({ length: 1_000 }, (_, i) => `k${i}=`).join('&');
    const stats = await api.call<{ detail: string }>(`/api/v1/cache/stats?${query}`, { token: tokens.admin });
    expect(stats.body.detail).toContain('20 errors of 1000');
    expectBrief(stats);
  });

  it.each(GOOD_TEXTS)('does not include ordinary text: %s', async (text) => {
    const order = newOrder({
      ...{ externalId: `${text} ${randomUUID()}`, material: text, comment: text },
      ...{ customer: { id: text, name: text }, product: { name: text } },
    });
    const created = await api.call<{ id: string }>(ORDERS, { method: 'POST', token: tokens.partner, body: order });
    expect({ status: created.status, body: created.body }).toEqual({
      status: 201,
      body: expect.objectContaining(order) as unknown,
    });
    const change = { method: 'PATCH', token: tokens.operator, body: { status: 'ON_HOLD', comment: text } };
    expect((await api.call(`${ORDERS}/${created.body.id}/status`, change)).status).toBe(200);
    const found = await api.call(`${ORDERS}?material=${encodeURIComponent(text)}`, { token: tokens.operator });
    expect(found.status).toBe(200);
  });

  it.each([
    ...[
      'https://models.example.com/a.stl',
      'http://localhost:3000',
      'HTTPS://EXAMPLE.COM',
      'https://192.0.2.1:8443/a?b=c#d',
    ],
    ...[
      'https://[2001:db8::1]/a',
      'https://xn--e1afmkfd.xn--p1ai/',
      'https://example.com/@user/a',
      'https://a-b.example/?q=a@b',
    ],
    ...['https://example.com/кольцо.stl', 'https://example.com?a=%40', 'https://example.com/a%5Cb'],
  ])('does not include a link with a visible host: %s', async (modelUrl) => {
    const body = newOrder({ product: { name: 'Ring', modelUrl } });
    const created = await api.call(ORDERS, { method: 'POST', token: tokens.partner, body });
    expect(created.status).toBe(201);
  });

  it('includes the same texts and links in the OpenAPI document', async () => {
    const document = (await api.call<OpenApiDocument>('/docs-json')).body;
    const validator = DocumentValidator.closed(document);
    const complaints = (type: string, body: unknown): string[] =>
      validator.complaints({ $ref: `#/components/schemas/${type}` }, body);
    for (const text of GOOD_TEXTS) {
      expect([text, complaints('CreateOrderDto', bodyWith('material', text))]).toEqual([text, []]);
      expect([text, complaints('ChangeStatusDto', { status: 'ON_HOLD', comment: text })]).toEqual([text, []]);
    }
    for (const text of PLAINLY_BAD_TEXTS) {
      expect([text, complaints('CreateOrderDto', bodyWith('material', text))]).not.toEqual([text, []]);
      expect([text, complaints('ChangeStatusDto', { status: 'ON_HOLD', comment: text })]).not.toEqual([text, []]);
    }
    for (const modelUrl of ['https://example.com@evil.example', 'https://example.com\\@evil.example']) {
      expect(complaints('CreateOrderDto', bodyWith('product.modelUrl', modelUrl))).not.toEqual([]);
    }
  });

  it('does not change any prototype', () => {
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as { a?: unknown }).a).toBeUndefined();
  });
});

describe('a bad token', () => {
  const issuer = 'https://issuer.example.com';
  const audience = 'mes-orders-api';
  let database: TestDatabase;
  let redis: RedisServer;
  let api: OrdersApi;
  let keys: { privateKey: CryptoKey; publicKey: CryptoKey };
  let stranger: CryptoKey;
  let jwks: ReturnType<typeof createServer>;

  beforeAll(async () => {
    [database, redis] = await Promise.all([createTestDatabase(), RedisServer.start()]);
    keys = await generateKeyPair('RS256', { extractable: true });
    stranger = (await generateKeyPair('RS256')).privateKey;
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k', alg: 'RS256', use: 'sig' };
    jwks = createServer((_, response) => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
    });
    await new Promise<void>((resolve) => jwks.listen(0, '127.0.0.1', resolve));
    const { port } = jwks.address() as { port: number };
    const environment = {
      AUTH_ISSUER: issuer,
      AUTH_AUDIENCE: audience,
      AUTH_JWKS_URL: `http://127.0.0.1:${port}/jwks`,
    };
    api = await OrdersApi.start({ databaseUrl: database.url, redisUrl: redis.url, environment });
  });

  afterAll(async () => {
    await api.stop();
    jwks.closeAllConnections();
    jwks.close();
    await redis.stop();
    await database.drop();
  });

  interface Wanted {
    readonly claims?: JWTPayload;
    readonly key?: CryptoKey;
    readonly header?: Record<string, unknown>;
  }

  /** Signs a token, which is valid by default. An undefined claim is omitted. */
  function sign({ claims = {}, key = keys.privateKey, header = {} }: Wanted = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ iss: issuer, aud: audience, sub: 'ann', roles: ['operator'], exp: now + 600, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'k', ...header })
      .sign(key);
  }

  function ask(authorization?: string): ReturnType<typeof rawRequest> {
    return rawRequest(api.url, {
      path: ORDERS,
      headers: authorization === undefined ? {} : { Authorization: authorization },
    });
  }

  async function expectUnauthorized(authorization?: string): Promise<void> {
    const answer = await ask(authorization);
    expectProblem(answer, { status: 401, code: 'TOKEN_INVALID' });
    // RFC 6750, section 3.1: no error code for a request without a token.
    const error = /^bearer ./i.test(authorization ?? '') ? ', error="invalid_token"' : '';
    expect(answer.headers.get('www-authenticate')).toBe(`Bearer realm="mes-orders"${error}`);
  }

  it.each<[string, Wanted]>([
    ['is plain', {}],
    ['has one audience among several', { claims: { aud: ['other', audience] } }],
    ['also has an unknown role', { claims: { roles: ['cook', 'operator', 7] } }],
  ])('is not one that %s', async (_, wanted) => {
    expect((await ask(`Bearer ${await sign(wanted)}`)).status).toBe(200);
    expect((await ask(`bearer  ${await sign(wanted)} `)).status).toBe(200);
  });

  it.each([
    ...[undefined, '', 'Bearer', 'Bearer ', 'Basic YTpi', 'Bearer a b', 'Bearer garbage', 'Bearer a.b.c', 'Bearer ..'],
    ...[
      'Bearer eyJhbGciOiJSUzI1NiJ9.e30',
      'Bearer eyJhbGciOiJSUzI1NiJ9.e30.',
      `Bearer ${'a'.repeat(8_000)}`,
      'Bearer é',
    ],
    ...['Bearer e30.e30.e30', 'Bearer bnVsbA.bnVsbA.bnVsbA', 'Bearer W10.W10.W10', 'Bearer MQ.MQ.MQ'],
    // {"alg":"RS256","crit":["b64"],"b64":false}, {"alg":1}, {"alg":"RS256","kid":1}, and encrypted: {"alg":"dir","enc":"A128GCM"}
    'Bearer eyJhbGciOiJSUzI1NiIsImNyaXQiOlsiYjY0Il0sImI2NCI6ZmFsc2V9.e30.AAAA',
    'Bearer eyJhbGciOjF9.e30.AAAA',
    'Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6MX0.e30.AAAA',
    'Bearer eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA',
  ])('is answered with 401: Authorization: %s', expectUnauthorized);

  const past = Math.floor(Date.now() / 1000) - 60;
  it.each<[string, Wanted]>([
    ['has expired', { claims: { exp: past } }],
    ['is not valid yet', { claims: { nbf: past + 3_600 } }],
    ['never expires', { claims: { exp: undefined } }],
    ['has an exp that is not a number', { claims: { exp: '2099' as never } }],
    ['comes from another issuer', { claims: { iss: `${issuer}/` } }],
    ['has no issuer', { claims: { iss: undefined } }],
    ['is for another audience', { claims: { aud: 'mes-orders' } }],
    ['has no audience', { claims: { aud: undefined } }],
    ['has no sub', { claims: { sub: undefined } }],
    ['has an empty sub', { claims: { sub: '' } }],
    ['has a sub that is not a text', { claims: { sub: 7 as never } }],
    ['has a sub with a NUL byte', { claims: { sub: 'a\u0000' } }],
    ['has a sub with a line break', { claims: { sub: 'a\nb' } }],
    ['has a sub with a space', { claims: { sub: 'a b' } }],
    ['has a sub that is not ASCII', { claims: { sub: 'анна' } }],
    ['has a sub with a lone surrogate', { claims: { sub: LONE_SURROGATE } }],
    ['has a sub of 256 characters', { claims: { sub: 'a'.repeat(256) } }],
    ['names an unknown key', { header: { kid: 'other' } }],
    ['is signed with another algorithm', { header: { alg: 'PS256' } }],
  ])('is answered with 401: it %s', async (_, wanted) => {
    const key =
      wanted.header?.alg === 'PS256' ? (await generateKeyPair('PS256')).privateKey : (wanted.key ?? keys.privateKey);
    await expectUnauthorized(`Bearer ${await sign({ ...wanted, key })}`);
  });

  it('is answered with 401: it is signed with another key', async () => {
    await expectUnauthorized(`Bearer ${await sign({ key: stranger })}`);
  });

  it('is answered with 401: it is not signed', async () => {
    const token = new UnsecuredJWT({ roles: ['admin'] });
    const none = token.setIssuer(issuer).setAudience(audience).setSubject('ann').setExpirationTime('1h').encode();
    await expectUnauthorized(`Bearer ${none}`);
    const [, payload = ''] = (await sign()).split('.');
    for (const alg of ['none', 'None', 'NONE', '']) {
      const header = Buffer.from(JSON.stringify({ alg, kid: 'k' })).toString('base64url');
      await expectUnauthorized(`Bearer ${header}.${payload}.`);
    }
  });

  it('is answered with 401: it is signed with the public key as an HMAC secret', async () => {
    const [, payload = ''] = (await sign({ claims: { roles: ['admin'] } })).split('.');
    const spki = await exportSPKI(keys.publicKey);
    for (const secret of [spki, spki.trim(), JSON.stringify(await exportJWK(keys.publicKey))]) {
      const signed = `${Buffer.from('{"alg":"HS256","kid":"k"}').toString('base64url')}.${payload}`;
      const signature = createHmac('sha256', secret).update(signed).digest('base64url');
      await expectUnauthorized(`Bearer ${signed}.${signature}`);
    }
  });

  it('is answered with 401: it was changed after signing', async () => {
    const [header = '', , signature = ''] = (await sign()).split('.');
    const [, payload = ''] = (await sign({ claims: { roles: ['admin'] } })).split('.');
    await expectUnauthorized(`Bearer ${header}.${payload}.${signature}`);
  });

  it.each([undefined, null, [], 'Operator', { 0: 'operator' }, ['Operator'], ['cook'], [['operator']], [7], true])(
    'is answered with 403: its roles are %j',
    async (roles) => {
      const answer = await ask(`Bearer ${await sign({ claims: { roles } })}`);
      expectProblem(answer, { status: 403, code: 'ROLE_MISSING' });
    },
  );
});
