import { entityTagOf } from '../http/entity-tag.js';
import { ownBytes } from './own-bytes.js';
import type { CachedResponse } from './cached-response.js';

/**
 * Makes what a handler returned ready to be sent: the one time that it is serialised. Its entity tag is a digest of the bytes.
 *
 * @param version stands before the digest, for clients that give it back
 */
export function toCachedResponse<T>(result: T, version?: (result: T) => string): CachedResponse {
  const body = ownBytes(Buffer.from(JSON.stringify(result)));
  return { identity: { coding: 'identity', body, entityTag: entityTagOf(body, version?.(result)) } };
}
