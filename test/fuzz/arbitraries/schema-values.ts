import fc from 'fast-check';
import { resolveSchema, type OpenApiDocument, type Schema } from '../../support/openapi-document.js';

const DAY = 24 * 60 * 60_000;
/** The greatest length of an array whose schema has no limit. */
const MOST_ITEMS = 5;
/** The greatest length of a text whose schema has no limit. */
const LONGEST = 40;

/** Values that a schema allows, often at its limits. */
export function valuesOf(document: OpenApiDocument, unresolved: Schema): fc.Arbitrary<unknown> {
  const schema = resolveSchema(document, unresolved);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const alternatives = schema.oneOf ?? schema.allOf;
  if (alternatives !== undefined) return fc.oneof(...alternatives.map((one) => valuesOf(document, one)));
  switch (schema.type) {
    case 'object':
      return objects(document, schema);
    case 'array':
      return fc.array(valuesOf(document, schema.items ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? MOST_ITEMS, MOST_ITEMS),
      });
    case 'integer':
      return integers(schema);
    case 'null':
      return fc.constant(null);
    case 'string':
      return withExample(schema, texts(schema));
    default:
      throw new Error(`there is no generator for the type ${String(schema.type)}`);
  }
}

function objects(document: OpenApiDocument, { properties = {}, required = [] }: Schema): fc.Arbitrary<object> {
  const values = Object.entries(properties).map(([name, schema]) => [name, valuesOf(document, schema)]);
  return fc.record(Object.fromEntries(values) as Record<string, fc.Arbitrary<unknown>>, {
    requiredKeys: [...required],
    noNullPrototype: true,
  });
}

function integers({ minimum: min = -1_000, maximum: max = 1_000 }: Schema): fc.Arbitrary<number> {
  return fc.oneof(
    fc.constantFrom(min, max),
    fc.integer({ min, max }),
    fc.integer({ min, max: Math.min(max, min + 5) }),
  );
}

function texts({ format, pattern, minLength = 0, maxLength = LONGEST }: Schema): fc.Arbitrary<string> {
  switch (format) {
    case 'uuid':
      return fc.uuid();
    case 'date-time':
      return times();
    case 'uri':
      return fc.webUrl({ validSchemes: ['http', 'https'], withQueryParameters: true });
    default:
      return pattern === undefined
        ? sized(minLength, maxLength)
        : matching(new RegExp(pattern, 'u'), minLength, maxLength);
  }
}

function sized(minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc.oneof(
    fc.string({ minLength, maxLength: Math.min(maxLength, LONGEST) }),
    fc.string({ unit: 'binary', minLength, maxLength: Math.min(maxLength, LONGEST) }),
    fc.constantFrom('a', 'Ж', '😀').map((unit) => unit.repeat(maxLength)),
  );
}

/** The API wants a visible character, or even a letter or a digit, which a pattern for all dialects cannot say. */
const LEGIBLE = /[\p{L}\p{N}]/u;

/** Texts that match a pattern. A loose pattern filters random texts; a strict one generates them. */
function matching(pattern: RegExp, minLength: number, maxLength: number): fc.Arbitrary<string> {
  const isLoose = ['a b', 'Ж7'].every((text) => pattern.test(text));
  return isLoose
    ? sized(minLength, maxLength).filter((text) => pattern.test(text) && LEGIBLE.test(text))
    : fc.stringMatching(new RegExp(pattern.source));
}

function withExample({ example }: Schema, values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return example === undefined ? values : fc.oneof(values, fc.constant(example));
}

function times(): fc.Arbitrary<string> {
  const offsets = fc.constantFrom('Z', '+00:00', '-00:00', '+05:45', '-12:00', '+14:00', '+23:59', '-23:59');
  const dates = fc.date({ min: new Date(2 * DAY), max: new Date('9999-12-29T00:00:00Z'), noInvalidDate: true });
  return fc.oneof(
    fc.tuple(dates, offsets).map(([date, offset]) => date.toISOString().replace('Z', offset)),
    fc.constantFrom('0001-01-02T00:00:00Z', '9999-12-30T23:59:59.999Z', '2016-12-31T23:59:59.999999999Z'),
  );
}
