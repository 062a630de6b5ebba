import type { ProblemDetailsDto } from './client';

/** The code of the problem of a request that could not be sent. The API does not know it. */
const WITHOUT_TOKEN = 'WITHOUT_TOKEN';

/** The error of an API call whose response is not a success, with its problem details (RFC 9457). */
export class Problem extends Error {
  /** The request was not sent, because the token has expired and whoever issues another one is away. */
  static withoutToken(): Problem {
    return new Problem(503, { code: WITHOUT_TOKEN });
  }

  constructor(
    readonly status: number,
    readonly details: Partial<ProblemDetailsDto>,
  ) {
    super(details.detail ?? details.title ?? `HTTP ${String(status)}`);
  }

  /** Whether the API has decided. A server that is busy, failing or away has not. */
  get isDecision(): boolean {
    return this.status < 500 && this.status !== 408 && !this.isNotBegun;
  }

  /** Whether the session has expired. */
  get isSignedOut(): boolean {
    return this.status === 401;
  }

  /** Whether the API has not even begun with the request. The user has sent too many, or had no token. A later one may succeed. */
  get isNotBegun(): boolean {
    return this.status === 429 || this.details.code === WITHOUT_TOKEN;
  }
}

interface ApiResponse {
  readonly status: number;
  readonly data?: unknown;
}

/** The type of the data of a successful response. */
type DataOf<R extends ApiResponse> =
  Extract<R, { readonly status: 200 | 201 | 202 }> extends { readonly data: infer D } ? D : never;

/**
 * The data of a successful response.
 *
 * @throws {Problem} when the status is not 2xx
 * @throws {Error} when the response is not from the API, but for example from the sign-in page of a network
 */
export async function dataOf<R extends ApiResponse>(response: Promise<R>): Promise<DataOf<R>> {
  const { status, data } = await response;
  const isJson = typeof data === 'object' && data !== null;
  if (status < 200 || status >= 300) throw new Problem(status, isJson ? data : {});
  if (!isJson) throw new Error(`HTTP ${String(status)} without JSON`);
  return data as DataOf<R>;
}

/** Whether there is no such order for the user. The API has then answered: nothing is out of date, and nothing is left to show. */
export function isMissing(error: unknown): boolean {
  return error instanceof Problem && error.status === 404;
}

/** The reason of a failed call, as a name of a text. */
export function reasonOf(error: Error): 'busy' | 'signedOut' | 'forbidden' | 'missing' | 'invalid' | 'other' {
  if (!(error instanceof Problem) || !error.isDecision) return 'busy';
  if (error.isSignedOut) return 'signedOut';
  if (error.status === 403) return 'forbidden';
  if (error.status === 400) return 'invalid';
  return isMissing(error) ? 'missing' : 'other';
}
