import { STATUS_CODES } from 'node:http';
import type { Problem } from './problem.js';

/** The text of a problem details document: RFC 9457. */
export function problemDocument(problem: Problem, requestId: string): string {
  return JSON.stringify({
    type: 'about:blank',
    title: STATUS_CODES[problem.status] ?? 'Error',
    status: problem.status,
    detail: problem.message,
    code: problem.code,
    requestId,
    errors: problem.errors,
    ...problem.extensions,
  });
}

/** The code of a problem that has none but its status: `PAYLOAD_TOO_LARGE` for 413. */
export function codeFor(status: number): string {
  return (STATUS_CODES[status] ?? 'ERROR').toUpperCase().replace(/[^A-Z]+/g, '_');
}
