import { ENTITY_TAGS, parseEntityTags } from '@mes/cache';
import type { ApiHeaderOptions } from '@nestjs/swagger';
import { invalidInput } from '../../problem-details/problem.js';

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

export const IDEMPOTENCY_KEY_HEADER: ApiHeaderOptions = {
  name: 'Idempotency-Key',
  required: false,
  description: 'A key of your choice, 1 to 255 visible ASCII characters.',
  schema: { type: 'string', pattern: IDEMPOTENCY_KEY.source },
};

export const IF_MATCH_HEADER: ApiHeaderOptions = {
  name: 'If-Match',
  required: false,
  description:
    'Change the order only if it has this version: an `ETag` of the order, or the version alone, e.g. `"3"`.',
  schema: { type: 'string', pattern: ENTITY_TAGS.source },
};

/**
 * The `Idempotency-Key` of a request.
 *
 * @throws {Problem}    400 if there is one that cannot be used
 */
export function parseIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (!IDEMPOTENCY_KEY.test(header)) {
    throw invalidInput([
      { field: 'Idempotency-Key', message: 'Idempotency-Key must be 1 to 255 visible ASCII characters' },
    ]);
  }
  return header;
}

/** The entity tag of a write, or of a read, which has a digest after the version. */
const VERSION_TAG = /^"([1-9]\d{0,8})(?:-[\w-]+)?"$/;

/**
 * The versions that an `If-Match` header allows (RFC 9110, section 13.1.1); undefined if it allows any. Weak and foreign
 * entity tags match no version.
 *
 * @throws {Problem} 400 if it is not a list of entity tags
 */
export function parseIfMatch(header: string | undefined): readonly number[] | undefined {
  if (header === undefined) return undefined;
  const tags = parseEntityTags(header);
  if (tags === undefined) {
    throw invalidInput([{ field: 'If-Match', message: 'If-Match must be * or a list of entity tags such as "3"' }]);
  }
  if (tags === '*') return undefined;
  return tags.flatMap((tag) => {
    const version = VERSION_TAG.exec(tag)?.[1];
    return version === undefined ? [] : [Number(version)];
  });
}
