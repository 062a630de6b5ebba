import { STATUS_CODES } from 'node:http';
import type { Problem } from './problem.js';

/** Largest number of listed errors. `detail` says how many there are. */
const MAX_ERRORS = 20;

/** Limits of texts that may repeat input, in characters. */
const MAX_FIELD_LENGTH = 200;
const MAX_MESSAGE_LENGTH = 300;

/** Control characters, invisible characters and lone surrogates. */
const UNREADABLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** The JSON of a problem details document: RFC 9457. It stays short and readable for any input. */
export function problemDocument(problem: Problem, requestId: string): string {
  return JSON.stringify({
    type: 'about:blank',
    title: STATUS_CODES[problem.status] ?? 'Error',
    status: problem.status,
    detail: detailOf(problem),
    code: problem.code,
    requestId,
    errors: problem.errors?.slice(0, MAX_ERRORS).map(({ field, message }) => ({
      field: readable(field, MAX_FIELD_LENGTH),
      message: readable(message, MAX_MESSAGE_LENGTH),
    })),
    ...problem.extensions,
  });
}

function detailOf({ message, errors = [] }: Problem): string {
  const detail = readable(message, MAX_MESSAGE_LENGTH);
  return errors.length > MAX_ERRORS
    ? `${detail} These are the first ${MAX_ERRORS} errors of ${errors.length}.`
    : detail;
}

function readable(text: string, maxLength: number): string {
  const short = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  return short.replace(UNREADABLE, '\ufffd');
}

/** The code of a problem without a code of its own, from its status: `PAYLOAD_TOO_LARGE` for 413. */
export function codeFor(status: number): string {
  return (STATUS_CODES[status] ?? 'ERROR').toUpperCase().replace(/[^A-Z]+/g, '_');
}
