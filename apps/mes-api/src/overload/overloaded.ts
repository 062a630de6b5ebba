import { Problem } from '../problem-details/problem.js';

export const OVERLOADED = 'OVERLOADED';

/** The answer to whoever asks for more than can be done. */
export function overloaded(cause?: unknown): Problem {
  return new Problem({
    status: 503,
    code: OVERLOADED,
    detail: 'There is too much to do at the moment.',
    headers: { 'retry-after': '1' },
    cause,
  });
}
