import type { FastifyRequest } from 'fastify';
import { invalidInput } from '../problem-details/problem.js';

/**
 * Refuses a URL that is not what percent-encoding makes of UTF-8; Fastify takes what cannot be decoded as it is.
 *
 * @throws {Problem} 400
 */
export function refuseUndecodable({ url }: FastifyRequest): void {
  if (!url.includes('%')) return;
  try {
    decodeURIComponent(url);
  } catch {
    throw invalidInput([{ field: '', message: 'the query must be percent-encoded UTF-8' }]);
  }
}

/**
 * Refuses every query parameter: for routes that have none.
 *
 * @throws {Problem} 400 with every parameter
 */
export function refuseParameters(request: FastifyRequest): void {
  refuseUndecodable(request);
  const names = Object.keys(request.query as object);
  if (names.length === 0) return;
  throw invalidInput(names.map((field) => ({ field, message: `there is no parameter ${field}` })));
}
