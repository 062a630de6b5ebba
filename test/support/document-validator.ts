import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { OpenApiDocument, Schema } from './openapi-document.js';

/** A validator of values against the schemas of an OpenAPI document. */
export class DocumentValidator {
  private readonly validators = new Map<Schema, ValidateFunction>();
  private readonly ajv = new Ajv2020.default({ allErrors: true, strict: false });

  private constructor(private readonly document: OpenApiDocument) {
    addFormats.default(this.ajv);
  }

  /** A validator that also rejects members which the document does not describe. */
  static closed({ components: { schemas }, ...rest }: OpenApiDocument): DocumentValidator {
    const strict = Object.entries(schemas).map(([name, schema]): [string, Schema] => [
      name,
      schema.properties ? { additionalProperties: false, ...schema } : schema,
    ]);
    return new DocumentValidator({ ...rest, components: { schemas: Object.fromEntries(strict) } });
  }

  /** The complaints about a value; empty if it is valid. */
  complaints(schema: Schema, value: unknown): string[] {
    let validate = this.validators.get(schema);
    if (!validate) {
      validate = this.ajv.compile({ ...schema, components: this.document.components });
      this.validators.set(schema, validate);
    }
    validate(value);
    return (validate.errors ?? []).map(({ instancePath, message = '', params }) => {
      const { additionalProperty: name } = params as { additionalProperty?: string };
      return `${instancePath} ${message}${name === undefined ? '' : `: ${name}`}`;
    });
  }
}
