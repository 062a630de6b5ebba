import fc from 'fast-check';
import { DocumentValidator } from '../../support/document-validator.js';
import {
  type LocatedOperation,
  type OpenApiDocument,
  type Parameter,
  type Schema,
} from '../../support/openapi-document.js';
import {
  CALLERS,
  type FuzzedRequest,
  type Part,
  type Remembered,
  type RequestBody,
  type Text,
} from '../fuzzed-request.js';
import { broken } from './broken-values.js';
import {
  hostileAuthorization,
  hostileContentType,
  hostileHeader,
  hostileHeaderValue,
  hostileJson,
  hostileName,
  hostilePathSuffix,
  hostileQuerySuffix,
  hostileText,
  hostileTime,
  METHODS,
} from './hostile.js';
import { valuesOf } from './schema-values.js';

type Pair = readonly [string, Text];

/** The ratio of valid to invalid parts. With it, many requests are valid, and many have a single flaw. */
const GOOD = 8;

/** Valid and invalid requests for an operation. */
export function requestsFor(document: OpenApiDocument, operation: LocatedOperation): fc.Arbitrary<FuzzedRequest> {
  const { method, parameters = [], requestBody } = operation;
  const schema = requestBody?.content['application/json']?.schema;
  const inPlace = (place: string): Parameter[] => parameters.filter((parameter) => parameter.in === place);
  return fc.record<FuzzedRequest>({
    operation: fc.constant(operation),
    method: goodOr(fc.constant(method), fc.constantFrom(...METHODS), 4 * GOOD),
    caller: callers(),
    id: ids(inPlace('path')),
    pathSuffix: rarely(hostilePathSuffix),
    query: queries(document, inPlace('query')),
    querySuffix: rarely(hostileQuerySuffix),
    headers: headers(document, inPlace('header')),
    body: schema ? bodies(document, schema) : fc.constant(undefined),
  });
}

function goodOr<T>(good: fc.Arbitrary<T>, bad: fc.Arbitrary<T>, weight = GOOD): fc.Arbitrary<Part<T>> {
  return fc.oneof(
    { weight, arbitrary: good.map((value) => ({ value, isGood: true })) },
    { weight: 1, arbitrary: bad.map((value) => ({ value, isGood: false })) },
  );
}

function rarely(piece: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof({ weight: 2 * GOOD, arbitrary: fc.constant('') }, { weight: 1, arbitrary: piece });
}

function callers(): fc.Arbitrary<FuzzedRequest['caller']> {
  return fc.oneof(
    { weight: 8, arbitrary: fc.constant('admin' as const) },
    { weight: 6, arbitrary: fc.constantFrom(...CALLERS) },
    { weight: 1, arbitrary: hostileAuthorization.map((authorization) => ({ authorization })) },
  );
}

function remembered(kind: Remembered['kind'], otherwise: fc.Arbitrary<string>): fc.Arbitrary<Remembered> {
  return fc.record({ kind: fc.constant(kind), nth: fc.oneof(fc.nat({ max: 2 }), fc.nat({ max: 30 })), otherwise });
}

function tampered(kind: Remembered['kind'], otherwise: fc.Arbitrary<string>): fc.Arbitrary<Remembered> {
  return fc
    .tuple(remembered(kind, otherwise), fc.nat({ max: 100 }))
    .map(([text, tamperedAt]) => ({ ...text, tamperedAt }));
}

function ids(parameters: readonly Parameter[]): fc.Arbitrary<Part<Text>> {
  if (parameters.length === 0) return fc.constant({ value: '', isGood: true });
  return goodOr<Text>(
    fc.oneof({ weight: 12, arbitrary: remembered('orderId', fc.uuid()) }, { weight: 1, arbitrary: fc.uuid() }),
    fc.oneof(tampered('orderId', fc.uuid()), hostileText, fc.constantFrom(...['0', '1', 'urn:uuid:', '0'.repeat(36)])),
  );
}

function queries(document: OpenApiDocument, parameters: readonly Parameter[]): fc.Arbitrary<Part<readonly Pair[]>> {
  const stray = hostileName.map((name): Pair[] => [[name, '1']]);
  if (parameters.length === 0) return goodOr(fc.constant<Pair[]>([]), stray, 2 * GOOD);

  const choices = parameters.map((parameter) =>
    fc.option(pairsOf(document, parameter), { nil: [], freq: parameter.name === 'cursor' ? 4 : 2 }),
  );
  const good = fc
    .tuple(
      fc.subarray(
        choices.map((_, i) => i),
        { maxLength: 5 },
      ),
      fc.tuple(...choices),
    )
    .map(([chosen, pairs]) => chosen.flatMap((i) => pairs[i] ?? []));
  const names = parameters.map(({ name }) => name);
  const bad = fc
    .tuple(good, fc.constantFrom(...names), fc.oneof(hostileText, hostileTime, tampered('cursor', fc.constant('AA'))))
    .map(([pairs, name, text]): Pair[] => [...pairs, [name, text]]);
  return goodOr<readonly Pair[]>(good, fc.oneof({ weight: 6, arbitrary: bad }, { weight: 1, arbitrary: stray }));
}

function pairsOf(document: OpenApiDocument, { name, schema }: Parameter): fc.Arbitrary<Pair[]> {
  if (name === 'cursor') return remembered('cursor', fc.constantFrom('AA', 'a-_')).map((text) => [[name, text]]);
  return valuesOf(document, schema).map((value) =>
    (Array.isArray(value) ? value : [value]).map((one): Pair => [name, String(one)]),
  );
}

function headers(document: OpenApiDocument, parameters: readonly Parameter[]): fc.Arbitrary<Part<readonly Pair[]>> {
  const described = parameters.map(({ name, schema }) =>
    fc.option(
      headerValues(document, name, schema).map((value): Pair[] => [[name, value]]),
      { nil: [], freq: 1 },
    ),
  );
  const good = fc.tuple(...described).map((pairs) => pairs.flat());
  const strange = parameters.map(({ name }) => hostileHeaderValue.map((value): Pair => [name, value]));
  const bad = fc.tuple(good, fc.array(fc.oneof(hostileHeader, ...strange), { minLength: 1, maxLength: 3 }));
  return goodOr<readonly Pair[]>(
    good,
    bad.map(([pairs, more]) => [...pairs, ...more]),
    GOOD / 2,
  );
}

/** Values of a header. Entity tags come from earlier responses; other headers have few values, so that they repeat. */
function headerValues(document: OpenApiDocument, name: string, schema: Schema): fc.Arbitrary<Text> {
  if (name.startsWith('If-')) {
    return fc.oneof<fc.Arbitrary<Text>[]>(
      remembered('entityTag', fc.constant('"1"')),
      fc.constantFrom('"1"', '"2"', '*'),
    );
  }
  return fc.oneof(fc.constantFrom('key-1', 'key-2'), valuesOf(document, schema).map(String));
}

function bodies(document: OpenApiDocument, schema: Schema): fc.Arbitrary<FuzzedRequest['body']> {
  const validator = DocumentValidator.closed(document);
  // Rules that concern several fields.
  const values = valuesOf(document, schema).filter((value) => validator.complaints(schema, value).length === 0);
  const sent = (value: unknown): RequestBody => {
    const text = JSON.stringify(value);
    return { text, contentType: 'application/json', json: JSON.parse(text) as unknown };
  };
  const otherText = fc.tuple(hostileJson, fc.constant('application/json'));
  const otherType = fc.tuple(
    values.map((value) => JSON.stringify(value)),
    hostileContentType,
  );
  return goodOr<RequestBody>(
    values.map(sent),
    fc.oneof(
      { weight: 6, arbitrary: broken(values).map((value) => sent(value ?? null)) },
      {
        weight: 2,
        arbitrary: fc.oneof(otherText, otherType).map(([text, contentType]) => ({ text, contentType })),
      },
    ),
    GOOD / 4,
  );
}
