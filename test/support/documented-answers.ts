import { DocumentValidator } from './document-validator.js';
import type { LocatedOperation, OpenApiDocument } from './openapi-document.js';
import type { ApiAnswer } from './orders-api.js';

/** Headers that clients build upon: an answer has those that are documented for it, and no others of these. */
const HEADERS = ['cache-status', 'etag', 'location', 'retry-after', 'www-authenticate'];

/** What an OpenAPI document says of answers, and whether they are so. */
export class DocumentedAnswers {
  private readonly validator: DocumentValidator;

  constructor(document: OpenApiDocument) {
    this.validator = DocumentValidator.closed(document);
  }

  /**
   * How an answer is not as the document says that the answers of this operation are: by status, type, headers and body.
   *
   * @param method that was really used, if it was another one that does the same, as HEAD does
   */
  complaints({ method, responses }: LocatedOperation, answer: ApiAnswer<unknown>, usedMethod = method): string[] {
    const documented = responses[answer.status];
    if (!documented) return [`the status ${answer.status} is not documented`];

    const wrongHeaders = headerComplaints(Object.keys(documented.headers ?? {}), answer.headers);
    if (usedMethod === 'HEAD' || documented.content === undefined) {
      return answer.body === '' ? wrongHeaders : [...wrongHeaders, 'there is a body where none is documented'];
    }
    const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
    const media = documented.content[type];
    if (!media) return [...wrongHeaders, `the type ${type} is not documented for ${answer.status}`];
    return [...wrongHeaders, ...this.validator.complaints(media.schema, answer.body)];
  }
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
