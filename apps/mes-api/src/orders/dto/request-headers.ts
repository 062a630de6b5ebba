import { parseEntityTags } from '@mes/cache';
import { invalidInput } from '../../problem-details/problem.js';

/**
 * The `Idempotency-Key` of a request.
 *
 * @throws {Problem} 400 if there is one that cannot be used
 */
export function parseIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (!/^[\x21-\x7e]{1,255}$/.test(header)) {
    throw invalidInput([
      { field: 'Idempotency-Key', message: 'Idempotency-Key must be 1 to 255 visible ASCII characters' },
    ]);
  }
  return header;
}

/**
 * The versions that an `If-Match` header allows (RFC 9110, section 13.1.1); nothing if it allows any. Weak and foreign
 * entity tags match no version.
 *
 * @throws {Problem} 400 if it is not a list of entity tags
 */
export function parseIfMatch(header: string | undefined): readonly number[] | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  if (!/^\s*(W\/)?"[^"]*"(\s*,\s*(W\/)?"[^"]*")*\s*$/.test(header)) {
    throw invalidInput([{ field: 'If-Match', message: 'If-Match must be * or a list of entity tags such as "3"' }]);
  }
  return parseEntityTags(header)
    .filter((tag) => /^"[1-9]\d{0,8}"$/.test(tag))
    .map((tag) => Number(tag.slice(1, -1)));
}
