import { entityTagOf } from '../http/entity-tag.js';
import type { Answer } from './answer.js';

/**
 * Makes what a handler returned ready to be sent: the one time that it is serialised.
 *
 * @param entityTag of the result; without it, a digest of the body is used
 */
export function toAnswer<T>(result: T, entityTag?: (result: T) => string): Answer {
  const body = JSON.stringify(result);
  return { body, entityTag: entityTag ? entityTag(result) : entityTagOf(body) };
}
