import { createHash } from 'node:crypto';

/**
 * A strong entity tag for exactly these bytes: RFC 9110, section 8.8.3.
 *
 * @param version stands before the digest
 */
export function entityTagOf(body: string | Buffer, version?: string): string {
  const digest = createHash('sha256').update(body).digest('base64url').slice(0, 27);
  return version === undefined ? `"${digest}"` : `"${version}-${digest}"`;
}

/** The opaque tags listed in an `If-Match` or `If-None-Match` header; `W/` prefixes are kept. */
export function parseEntityTags(header: string): readonly string[] {
  return header.match(/(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g) ?? [];
}

/** Whether `If-None-Match` names this entity tag: weak comparison, RFC 9110, section 13.1.2. */
export function noneMatchHits(header: string | undefined, entityTag: string): boolean {
  if (header === undefined) return false;
  if (header === entityTag) return true;
  if (header.trim() === '*') return true;
  return parseEntityTags(header).some((listed) => listed.replace(/^W\//, '') === entityTag);
}
