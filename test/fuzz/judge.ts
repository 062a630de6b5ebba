import { DocumentValidator } from '../support/document-validator.js';
import { DocumentedAnswers } from '../support/documented-answers.js';
import { operationsOf, type LocatedOperation, type OpenApiDocument, type Schema } from '../support/openapi-document.js';
import type { ApiAnswer } from '../support/orders-api.js';
import { CALLERS, type CallerName, type FuzzedRequest, type SentRequest } from './fuzzed-request.js';

/** Statuses of refusals that come before authentication. */
const UNREADABLE = [400, 413, 414, 415];

/** The size of a request head from which Node or the API may refuse it on any route, in bytes. */
const MOST_HEAD = 15 * 1024;
const MOST_URL = 8 * 1024;

/** Fields with rules that a schema cannot express, such as a future time, an existing currency or different ids. */
const BEYOND_SCHEMAS = ['dueAt', 'price.currency', 'product.modelUrl', 'cursor', 'orders'];

const PROBLEM: Schema = { $ref: '#/components/schemas/ProblemDetailsDto' };

/** A judge that checks whether the OpenAPI document allows a response to a request. */
export class Judge {
  private readonly operations: readonly LocatedOperation[];
  private readonly answers: DocumentedAnswers;
  private readonly validator: DocumentValidator;

  constructor(document: OpenApiDocument) {
    this.operations = operationsOf(document);
    this.answers = new DocumentedAnswers(document);
    this.validator = DocumentValidator.closed(document);
  }

  /**
   * The complaints about a response; empty if it is correct.
   *
   * @param subject the subject of the token, if it is valid
   */
  complaints(
    request: FuzzedRequest,
    sent: SentRequest,
    answer: ApiAnswer<unknown>,
    subject: string | undefined,
  ): string[] {
    if (answer.status >= 500) return [`the status is ${answer.status}`];
    const operation = this.operationAt(request);
    if (!operation || isOversized(sent)) return this.unroutedComplaints(sent, answer);
    return [
      ...this.answers.complaints(operation, answer, sent.method),
      ...accessComplaints(operation, request.caller, answer),
      ...visibilityComplaints(request.caller, subject, answer),
      ...conditionComplaints(sent, answer),
      ...(operation === request.operation
        ? [...this.verdictComplaints(request, answer), ...this.contentComplaints(request, answer)]
        : []),
    ];
  }

  /** The operation with this path and method, which may differ from the intended one. GET operations also handle HEAD. */
  private operationAt({ operation, method, id, pathSuffix }: FuzzedRequest): LocatedOperation | undefined {
    if (pathSuffix !== '' || (operation.path.includes('{id}') && id.value === '')) return undefined;
    const name = method.value === 'HEAD' ? 'GET' : method.value;
    if (name === operation.method) return operation;
    return this.operations.find((other) => other.path === operation.path && other.method === name);
  }

  /** Checks that a response without an operation is a problem. */
  private unroutedComplaints({ method }: SentRequest, { status, headers, body }: ApiAnswer<unknown>): string[] {
    const type = headers.get('content-type')?.split(';')[0];
    if (status < 400 || type !== 'application/problem+json')
      return [`the response is ${status} ${String(type)} although there is no operation`];
    return method === 'HEAD' ? [] : this.validator.complaints(PROBLEM, body);
  }

  /** Checks that an invalid request is refused, and that a valid one is not refused as invalid. */
  private verdictComplaints(request: FuzzedRequest, { status, body }: ApiAnswer<unknown>): string[] {
    const flaws = this.flawsOf(request);
    if (flaws.length > 0) return status >= 400 ? [] : [`the response is ${status} although ${flaws.join(', ')}`];
    if (!isGood(request) || !UNREADABLE.includes(status)) return [];
    const { errors = [] } = body as { errors?: { field: string }[] };
    const isExcused = errors.length > 0 && errors.every(({ field }) => BEYOND_SCHEMAS.includes(field));
    return isExcused ? [] : [`the response is ${status} although the request is valid`];
  }

  /** The certain flaws of a request. */
  private flawsOf({ operation, id, query, querySuffix, body }: FuzzedRequest): string[] {
    const flaws: string[] = [];
    if (body?.value.json !== undefined) {
      const schema = operation.requestBody?.content['application/json']?.schema ?? {};
      flaws.push(...this.validator.complaints(schema, body.value.json).map((text) => `the body ${text}`));
    }
    if (typeof id.value === 'string' && operation.path.includes('{id}')) {
      flaws.push(...this.parameterFlaws(operation, 'id', [id.value]));
    }
    // A suffix extends the last value or begins another parameter, so the parameters cannot be judged.
    if (querySuffix !== '') return flaws;
    for (const name of new Set(query.value.map(([name]) => name))) {
      const texts = query.value.filter(([other]) => other === name).map(([, text]) => text);
      const plain = texts.filter((text) => typeof text === 'string');
      if (plain.length === texts.length) flaws.push(...this.parameterFlaws(operation, name, plain));
    }
    return flaws;
  }

  private parameterFlaws({ parameters = [] }: LocatedOperation, name: string, texts: readonly string[]): string[] {
    const parameter = parameters.find((one) => one.name === name && one.in !== 'header');
    if (!parameter) return [`there is no parameter ${name}`];
    const { schema } = parameter;
    if (schema.type !== 'array' && texts.length > 1) return [`${name} is repeated`];
    const [text = ''] = texts;
    const value =
      schema.type === 'array' ? texts : schema.type === 'integer' && /^-?\d+$/.test(text) ? Number(text) : text;
    return this.validator.complaints(schema, value).map((complaint) => `${name} ${complaint}`);
  }

  /** Checks that a created order has exactly the requested values. */
  private contentComplaints({ operation, body }: FuzzedRequest, answer: ApiAnswer<unknown>): string[] {
    const wanted = body?.value.json;
    if (operation.operationId !== 'createOrder' || answer.status !== 201 || wanted === undefined) return [];
    return differences(wanted, answer.body).filter((path) => path !== '.dueAt');
  }
}

function isOversized({ method, path, headers }: SentRequest): boolean {
  const head = [method, path, ...headers.flat()].reduce((length, text) => length + text.length + 4, 0);
  return path.length > MOST_URL || head > MOST_HEAD;
}

function isGood({ method, id, pathSuffix, query, querySuffix, headers, body }: FuzzedRequest): boolean {
  return (
    method.isGood &&
    id.isGood &&
    query.isGood &&
    headers.isGood &&
    (body?.isGood ?? true) &&
    pathSuffix === '' &&
    querySuffix === ''
  );
}

function accessComplaints(
  operation: LocatedOperation,
  caller: FuzzedRequest['caller'],
  { status }: ApiAnswer<unknown>,
): string[] {
  const isPublic = (operation.security ?? []).length === 0;
  const isKnown = typeof caller === 'string';
  if (isPublic || isKnown) return status === 401 ? ['a valid token is refused, or a public route demands one'] : [];
  return status === 401 || UNREADABLE.includes(status)
    ? []
    : [`a caller without a valid token is answered with ${status}`];
}

function visibilityComplaints(
  caller: CallerName | object,
  subject: string | undefined,
  { body }: ApiAnswer<unknown>,
): string[] {
  if (caller !== CALLERS[0] && caller !== CALLERS[1]) return [];
  const { items = [body] } = (body ?? {}) as { items?: unknown[] };
  const creators = items.map((item) => (item as { createdBy?: string } | undefined)?.createdBy);
  return creators.some((creator) => creator !== undefined && creator !== subject)
    ? ['a partner is shown the order of another partner']
    : [];
}

function conditionComplaints({ headers }: SentRequest, answer: ApiAnswer<unknown>): string[] {
  const has = (name: string, value: string): boolean =>
    headers.some(([other, text]) => other.toLowerCase() === name && text.includes(value));
  const coding = answer.headers.get('content-encoding');
  return [
    ...(answer.status === 304 && !has('if-none-match', '')
      ? ['the response is 304 although the request has no condition']
      : []),
    ...(coding === null || has('accept-encoding', coding) || has('accept-encoding', '*')
      ? []
      : [`the request does not accept the content encoding ${coding}`]),
  ];
}

/** The paths at which `actual` lacks a value of `wanted`. */
function differences(wanted: unknown, actual: unknown, path = ''): string[] {
  if (typeof wanted !== 'object' || wanted === null) return Object.is(wanted, actual) ? [] : [path];
  return Object.entries(wanted).flatMap(([name, value]) =>
    differences(value, (actual as Readonly<Record<string, unknown>> | undefined)?.[name], `${path}.${name}`),
  );
}
