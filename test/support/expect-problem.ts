import { STATUS_CODES } from 'node:http';
import type { ApiAnswer } from './orders-api.js';

export interface ExpectedProblem {
  readonly status: number;
  readonly code: string;
  /** The fields in `errors`, in any order. If absent, the response must have no `errors`. */
  readonly fields?: readonly string[];
  /** Further members, such as `currentStatus`. */
  readonly members?: Readonly<Record<string, unknown>>;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Checks that a response is this problem, in the form of RFC 9457. */
export function expectProblem(
  answer: ApiAnswer<unknown>,
  { status, code, fields, members = {} }: ExpectedProblem,
): void {
  const { errors, ...problem } = answer.body as { errors?: { field: string; message: string }[] };
  expect({ status: answer.status, type: answer.headers.get('content-type'), problem }).toEqual({
    status,
    type: expect.stringMatching(/^application\/problem\+json(;|$)/) as unknown,
    problem: {
      type: 'about:blank',
      title: STATUS_CODES[status],
      status,
      detail: expect.stringMatching(/\S/) as unknown,
      code,
      requestId: expect.stringMatching(UUID) as unknown,
      ...members,
    },
  });
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('etag')).toBeNull();
  expect(errors && [...new Set(errors.map(({ field }) => field))].sort()).toEqual(fields && [...fields].sort());
  for (const { message } of errors ?? []) expect(message).toMatch(/\S/);
}
