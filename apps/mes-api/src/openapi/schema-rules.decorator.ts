import { ApiSchema, type ApiSchemaOptions } from '@nestjs/swagger';

/** Adds keywords of JSON Schema to the schema of a class: rules that concern several fields. */
export function SchemaRules(keywords: Readonly<Record<string, unknown>>): ClassDecorator {
  // The types of Nest know fewer keywords than it passes on.
  return ApiSchema(keywords as ApiSchemaOptions);
}
