import { entityTagOf } from '../http/entity-tag.js';
import { ownBytes } from './own-bytes.js';
import type { LoadedAnswer } from './answer.js';

/**
 * Makes what a handler returned ready to be sent: the one time that it is serialised.
 *
 * @param entityTag of the result, with quotes; without it, a digest of the body is used
 */
export function toAnswer<T>(result: T, entityTag?: (result: T) => string): LoadedAnswer {
  const body = ownBytes(Buffer.from(JSON.stringify(result)));
  return {
    identity: { coding: 'identity', body, entityTag: entityTag ? entityTag(result) : entityTagOf(body) },
    compressible: !entityTag,
  };
}
