import type { CachedResponse, Representation } from '../entries/cached-response.js';
import type { CacheOutcome } from '../read/cache-outcome.js';
import { cacheStatus } from './cache-status.js';

/** The headers of a cacheable answer that say what it is and what may be done with it: RFC 9110, RFC 9111, RFC 9211. */
export function answerHeaders(
  answer: CachedResponse,
  { entityTag }: Representation,
  outcome: CacheOutcome,
): Record<string, string> {
  return {
    'cache-control': 'private, no-cache',
    'cache-status': cacheStatus(outcome),
    etag: entityTag,
    ...(answer.br ? { vary: 'accept-encoding' } : {}),
  };
}

/** The headers that go with a body only. */
export function bodyHeaders({ coding, body }: Representation): Record<string, string> {
  return {
    'content-type': 'application/json; charset=utf-8',
    ...(coding === 'identity' ? {} : { 'content-encoding': coding }),
    'content-length': String(body.length),
  };
}
