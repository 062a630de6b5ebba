const ENTITY_TAG = '(?:W/)?"[\\x21\\x23-\\x7e\\x80-\\xff]*"';
const EACH_ENTITY_TAG = new RegExp(ENTITY_TAG, 'g');

/**
 * The value of an `If-Match` or `If-None-Match` header: RFC 9110, sections 8.8.3 and 13.1. Elements of a list may be empty:
 * section 5.6.1.2.
 */
export const ENTITY_TAGS = new RegExp(`^(?:[ \\t]*\\*[ \\t]*|[ \\t,]*(?:${ENTITY_TAG}[ \\t]*(?:,[ \\t,]*|$))+)$`);

/**
 * The entity tags that an `If-Match` or `If-None-Match` header lists, with their quotes and `W/` prefixes; `*` for any.
 * Undefined if the header is malformed.
 */
export function parseEntityTags(header: string): readonly string[] | '*' | undefined {
  if (!ENTITY_TAGS.test(header)) return undefined;
  return header.match(EACH_ENTITY_TAG) ?? '*';
}

/** Whether `If-None-Match` names this entity tag: weak comparison, RFC 9110, section 13.1.2. A malformed one names none. */
export function noneMatchHits(header: string | undefined, entityTag: string): boolean {
  if (header === undefined) return false;
  if (header === entityTag) return true;
  const tags = parseEntityTags(header) ?? [];
  return tags === '*' || tags.some((listed) => listed.replace(/^W\//, '') === entityTag);
}
