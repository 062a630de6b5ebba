import { ApiSchema } from '@nestjs/swagger';

/** Adds keywords of JSON Schema to the schema of a class: rules that concern several fields. */
export function SchemaRules(keywords: Readonly<Record<string, unknown>>): ClassDecorator {
  return ApiSchema(keywords);
}
