import { DocumentValidator } from './document-validator.js';
import type { LocatedOperation, OpenApiDocument } from './openapi-document.js';
import type { ApiAnswer } from './orders-api.js';

/** Headers that clients rely on. A response has those of them that are documented for it, and no others. */
const HEADERS = ['cache-status', 'etag', 'location', 'retry-after', 'www-authenticate'];

/** A checker of responses against an OpenAPI document. */
export class DocumentedAnswers {
  private readonly validator: DocumentValidator;

  constructor(document: OpenApiDocument) {
    this.validator = DocumentValidator.closed(document);
  }

  /**
   * The differences between a response and the documented responses of an operation, in status, type, headers, body and code.
   *
   * @param usedMethod the method of the request if it differs from that of the operation, such as HEAD
   */
  complaints({ method, responses }: LocatedOperation, answer: ApiAnswer<unknown>, usedMethod = method): string[] {
    const documented = responses[answer.status];
    if (!documented) return [`the status ${answer.status} is not documented`];

    const wrongHeaders = headerComplaints(Object.keys(documented.headers ?? {}), answer.headers);
    if (usedMethod === 'HEAD' || documented.content === undefined) {
      return answer.body === '' ? wrongHeaders : [...wrongHeaders, 'the response has a body, but none is documented'];
    }
    const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
    const media = documented.content[type];
    if (!media) return [...wrongHeaders, `the type ${type} is not documented for ${answer.status}`];
    return [
      ...wrongHeaders,
      ...this.validator.complaints(media.schema, answer.body),
      ...codeComplaints(documented.description, answer.body),
    ];
  }
}

/** Programs tell problems apart by their codes, so the description of a status names all of them. */
function codeComplaints(description: string, body: unknown): string[] {
  const { code } = (body ?? {}) as { readonly code?: unknown };
  if (typeof code !== 'string' || description.includes(`\`${code}\`: `)) return [];
  return [`the code ${code} is not documented`];
}

function headerComplaints(documented: readonly string[], headers: Headers): string[] {
  const names = new Set(documented.map((name) => name.toLowerCase()));
  const missing = [...names].filter((name) => !headers.has(name));
  const surplus = HEADERS.filter((name) => headers.has(name) && !names.has(name));
  return [
    ...missing.map((name) => `the documented header ${name} is missing`),
    ...surplus.map((name) => `the header ${name} is not documented`),
  ];
}
