import { LRUCache } from 'lru-cache';
import type { CachedResponse, ContentCoding, Representation } from '../entries/cached-response.js';

/** The best ones first, of those that a client likes equally. */
const CODINGS: readonly ContentCoding[] = ['br', 'gzip', 'identity'];

/** A coding, or `*`, and its weight: RFC 9110, sections 12.4.2 and 12.5.3. Literals of a grammar have no case. */
const ELEMENT = /^[ \t]*([!#$%&'*+\-.^_`|~\w]+)[ \t]*(?:;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)[ \t]*)?$/i;

/** Clients send few different headers, and anybody may send many. */
const MAX_REMEMBERED = 1_000;
/** Longer headers, in characters, are read anew each time. */
const MAX_REMEMBERED_LENGTH = 200;

const remembered = new LRUCache<string, ContentCoding>({ max: MAX_REMEMBERED });

/**
 * The coding that the client likes best of those that responses are kept in: RFC 9110, section 12.5.3. It is `identity` for
 * a client that refuses everything, which the RFC prefers to refusing a response; and for a header that is malformed, since
 * nobody knows then what else the client can read.
 */
export function preferredCoding(acceptEncoding: string | undefined): ContentCoding {
  if (acceptEncoding === undefined) return 'identity';
  let coding = remembered.get(acceptEncoding);
  if (coding === undefined) {
    coding = negotiate(acceptEncoding);
    if (acceptEncoding.length <= MAX_REMEMBERED_LENGTH) remembered.set(acceptEncoding, coding);
  }
  return coding;
}

/** The form of the response that the client likes best, or the uncompressed one if there is no other. */
export function preferredRepresentation(response: CachedResponse, acceptEncoding: string | undefined): Representation {
  return response[preferredCoding(acceptEncoding)] ?? response.identity;
}

function negotiate(header: string): ContentCoding {
  const weights = weightsIn(header);
  if (!weights) return 'identity';

  let best: ContentCoding = 'identity';
  let bestWeight = 0;
  for (const coding of CODINGS) {
    const weight = weights.get(coding) ?? weights.get('*') ?? 0;
    if (weight > bestWeight) [best, bestWeight] = [coding, weight];
  }
  return best;
}

/** Undefined if the header is malformed. */
function weightsIn(header: string): ReadonlyMap<string, number> | undefined {
  const weights = new Map<string, number>();
  for (const element of header.split(',')) {
    // A list may have empty elements: RFC 9110, section 5.6.1.2.
    if (/^[ \t]*$/.test(element)) continue;
    const [, name, weight = '1'] = ELEMENT.exec(element) ?? [];
    if (name === undefined) return undefined;
    const coding = name.toLowerCase().replace(/^x-gzip$/, 'gzip');
    // Whoever names a coding twice can certainly do with the lower weight.
    weights.set(coding, Math.min(Number(weight), weights.get(coding) ?? 1));
  }
  return weights;
}
