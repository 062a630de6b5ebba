/** One error of the input. */
export interface FieldError {
  /** Path of the invalid field, e.g. `customer.name`; empty if the error concerns no single field. */
  readonly field: string;
  readonly message: string;
}

export interface ProblemOptions extends ErrorOptions {
  readonly status: number;
  /** Stable identifier of the kind of problem, for programs. */
  readonly code: string;
  /** Explanation for people. Never shows internals. */
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  /** Additional members of the document. */
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error that is answered with a problem details document: RFC 9457. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly errors: readonly FieldError[] | undefined;
  readonly extensions: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor({ status, code, detail, errors, extensions = {}, headers = {}, cause }: ProblemOptions) {
    super(detail, { cause });
    this.status = status;
    this.code = code;
    this.errors = errors;
    this.extensions = extensions;
    this.headers = headers;
  }
}

export const OVERLOADED = 'OVERLOADED';

/** The answer during an overload: 503. */
export function overloaded(cause?: unknown): Problem {
  return new Problem({
    status: 503,
    code: OVERLOADED,
    detail: 'The service is overloaded at the moment.',
    headers: { 'retry-after': '1' },
    cause,
  });
}

/** The answer to input that is not valid: 400 with the offending fields. */
export function invalidInput(errors: readonly FieldError[]): Problem {
  return new Problem({ status: 400, code: 'INPUT_INVALID', detail: 'The request is not valid.', errors });
}
