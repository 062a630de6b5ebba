import type { ProblemDetailsDto } from './client';

/** The API has refused a request, or could not answer it. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly details: Partial<ProblemDetailsDto>,
  ) {
    super(details.detail ?? details.title ?? `HTTP ${String(status)}`);
  }
}

interface Answer {
  readonly status: number;
  readonly data?: unknown;
}

/** What a successful answer carries. */
type DataOf<A extends Answer> =
  Extract<A, { readonly status: 200 | 201 | 202 }> extends { readonly data: infer D } ? D : never;

/**
 * The data of a successful answer.
 *
 * @throws {Problem} of any other answer
 */
export async function dataOf<A extends Answer>(answer: Promise<A>): Promise<DataOf<A>> {
  const { status, data } = await answer;
  if (status >= 200 && status < 300) return data as DataOf<A>;
  throw new Problem(status, typeof data === 'object' && data !== null ? data : {});
}
