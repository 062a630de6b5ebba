import { Negotiator } from '@fastify/accept-negotiator';
import { LRUCache } from 'lru-cache';
import type { Answer, ContentCoding, Representation } from '../answers/answer.js';

/** Clients send few different headers, and anybody may send many. */
const MAX_REMEMBERED = 1_000;

const negotiator = new Negotiator<ContentCoding>({
  supportedValues: ['br', 'gzip', 'identity'],
  cache: new LRUCache<string, ContentCoding>({ max: MAX_REMEMBERED }) as never,
});

/**
 * The form of the answer that the client likes best: RFC 9110, section 12.5.3. Who refuses everything that there is gets
 * it uncompressed, which the RFC prefers to refusing an answer.
 */
export function preferredRepresentation(answer: Answer, acceptEncoding: string | undefined): Representation {
  if (acceptEncoding === undefined || !answer.br) return answer.identity;
  const coding = negotiator.negotiate(acceptEncoding);
  return answer[coding ?? 'identity'] ?? answer.identity;
}
