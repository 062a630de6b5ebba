/** The parts of an OpenAPI document that tests use. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export interface OpenApiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security?: readonly object[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, MediaType>> };
  readonly responses: Readonly<Record<string, DocumentedResponse>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: Schema;
}

export interface DocumentedResponse {
  readonly description: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Content;
}

export type Content = Readonly<Record<string, MediaType>>;

export interface MediaType {
  readonly schema: Schema;
  readonly example?: unknown;
}

/** A JSON Schema, as OpenAPI 3.1 uses it. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly default?: unknown;
  readonly example?: unknown;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

/** An operation with its method and path. */
export interface LocatedOperation extends OpenApiOperation {
  readonly method: string;
  readonly path: string;
}

/** All operations of a document. */
export function operationsOf({ paths }: OpenApiDocument): LocatedOperation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
  );
}

/** The schema that a reference points to, with what stands beside the reference. */
export function resolveSchema(document: OpenApiDocument, { $ref, ...schema }: Schema): Schema {
  if ($ref === undefined) return schema;
  const found = document.components.schemas[$ref.replace('#/components/schemas/', '')];
  if (!found) throw new Error(`${$ref} points to no schema`);
  return { ...found, ...schema };
}

/** The example value that Swagger UI offers: the examples of all parts of a schema, combined. */
export function exampleOf(document: OpenApiDocument, schema: Schema): unknown {
  const { example, default: standard, enum: values, type, items, properties } = resolveSchema(document, schema);
  if (example !== undefined) return example;
  if (standard !== undefined) return standard;
  if (values !== undefined) return values[0];
  if (items !== undefined) return [exampleOf(document, items)];
  if (properties === undefined) return type;
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [name, exampleOf(document, property)]),
  );
}
