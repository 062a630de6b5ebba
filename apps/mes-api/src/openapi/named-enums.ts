import type { OpenAPIObject } from '@nestjs/swagger';

const namedEnums = new Map<string, readonly string[]>();

/**
 * Gives an enumeration a name in the OpenAPI document, so that generated clients have one type for it.
 *
 * @returns the options for the properties of this type
 */
export function namedEnum<T extends string>(name: string, values: readonly T[]): { readonly enum: T[] } {
  namedEnums.set(name, values);
  return { enum: [...values] };
}

/**
 * Replaces the named enumerations of a document by references. Nest's own `enumName` would give the name the description of the
 * first property, and take the limits from the lists of query parameters.
 */
export function nameEnums(document: OpenAPIObject): OpenAPIObject {
  const names = new Map([...namedEnums].map(([name, values]) => [JSON.stringify(values), name]));
  const named = withReferences(document, names) as OpenAPIObject;
  const schemas: Record<string, object> = { ...named.components?.schemas };
  for (const [name, values] of namedEnums) schemas[name] = { type: 'string', enum: values };
  return { ...named, components: { ...named.components, schemas } };
}

function withReferences(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => withReferences(item, names));
  if (typeof value !== 'object' || value === null) return value;
  const members: Record<string, unknown> = Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, withReferences(member, names)]),
  );
  const name = Array.isArray(members.enum) ? names.get(JSON.stringify(members.enum)) : undefined;
  if (name === undefined) return members;
  delete members.type;
  delete members.enum;
  return { $ref: `#/components/schemas/${name}`, ...members };
}
