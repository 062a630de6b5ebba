import type { ProblemDetailsDto } from './client';

/** The error of an API call whose response is not a success, with its problem details (RFC 9457). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly details: Partial<ProblemDetailsDto>,
  ) {
    super(details.detail ?? details.title ?? `HTTP ${String(status)}`);
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
 */
export async function dataOf<R extends ApiResponse>(response: Promise<R>): Promise<DataOf<R>> {
  const { status, data } = await response;
  if (status >= 200 && status < 300) return data as DataOf<R>;
  throw new Problem(status, typeof data === 'object' && data !== null ? data : {});
}
